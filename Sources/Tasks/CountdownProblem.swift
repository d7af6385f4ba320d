// Three numbers and a target: the problems of the embedded task, their splits and their prompts.
import KeyedRandom

/// "Use a b c to make T": three different numbers of 1...12 in the order of presentation, and a
/// target that one of their signed sums reaches.
public struct CountdownProblem: Sendable, Hashable {
  /// Which number sets a problem is drawn from.
  public enum Split: String, Sendable, CaseIterable {
    /// The sets that pretraining and reinforcement learning see.
    case train
    /// The sets kept for evaluation.
    case heldOut = "held-out"
  }

  /// The numbers in the order in which the prompt gives them.
  public let numbers: SIMD3<Int>
  /// The value to reach, in 0...36.
  public let target: Int

  /// A problem with these numbers; it is not checked that the target can be reached.
  public init(numbers: SIMD3<Int>, target: Int) {
    let range = 0...CountdownVocabulary.largestNumber
    precondition(
      (0..<3).allSatisfy { range.contains(numbers[$0]) } && range.contains(target),
      "numbers and target of a problem have tokens")
    self.numbers = numbers
    self.target = target
  }

  /// Reads `<bos> Use a b c to make T .`; nil where the tokens are anything else.
  public init?(prompt: [Int32]) {
    typealias Words = CountdownVocabulary
    guard prompt.count == Self.promptLength, prompt[0] == Words.bos, prompt[1] == Words.use,
      let a = Words.number(of: prompt[2]), let b = Words.number(of: prompt[3]),
      let c = Words.number(of: prompt[4]), prompt[5] == Words.to, prompt[6] == Words.make,
      let target = Words.number(of: prompt[7]), prompt[8] == Words.period
    else { return nil }
    self.init(numbers: SIMD3(a, b, c), target: target)
  }

  /// The length of every prompt in tokens.
  public static let promptLength = 9
  /// The most tokens a response may have: the prompt and it fill a context of 128.
  public static let maximumResponseLength = 119

  /// `<bos> Use a b c to make T .`
  public var prompt: [Int32] {
    typealias Words = CountdownVocabulary
    return [
      Words.bos, Words.use, Words.token(of: numbers.x), Words.token(of: numbers.y),
      Words.token(of: numbers.z), Words.to, Words.make, Words.token(of: target), Words.period,
    ]
  }

  /// Names the problem whatever the order of its numbers: `3-5-11=13`.
  public var id: String { "\(cluster)=\(target)" }

  /// Names the number set, the independent unit of intervals: `3-5-11`.
  public var cluster: String {
    let set = sortedNumbers
    return "\(set.x)-\(set.y)-\(set.z)"
  }

  /// The split this problem's number set belongs to.
  public var split: Split { Self.isHeldOut(sortedNumbers) ? .heldOut : .train }

  /// The numbers in ascending order.
  var sortedNumbers: SIMD3<Int> { ascending(numbers) }

  // MARK: - Number sets and expressions

  /// The number sets of a split in ascending order: 196 for training, 24 held out, each sorted.
  public static func numberSets(_ split: Split) -> [SIMD3<Int>] {
    split == .heldOut ? heldOutSets : trainSets
  }

  /// The valid signed sums of three numbers: at most one minus and a value in 0...36. Each is the
  /// numbers with their signs, in the given order; three or four of them, all of different value.
  /// How such a sum is written (which term first) is no part of its identity.
  public static func signings(of numbers: SIMD3<Int>) -> [SIMD3<Int>] {
    var valid: [SIMD3<Int>] = []
    valid.reserveCapacity(4)
    for negated in -1..<3 {
      var signing = numbers
      if negated >= 0 { signing[negated].negate() }
      if 0...CountdownVocabulary.largestNumber ~= signing.wrappedSum() { valid.append(signing) }
    }
    return valid
  }

  /// Draws a problem: a uniform number set of the split, a uniform order of presentation, and the
  /// value of a uniform valid expression as target.
  public static func sample(_ split: Split, key: RandomKey) -> CountdownProblem {
    var random = key.generator()
    return sample(split, using: &random)
  }

  /// `count` draws, the i-th keyed by `key.derive(i)`: a longer list begins with a shorter one.
  public static func samples(
    _ count: Int, _ split: Split, key: RandomKey
  ) -> [CountdownProblem] {
    (0..<count).map { sample(split, key: key.derive(UInt64($0))) }
  }

  static func sample(_ split: Split, using random: inout KeyedGenerator) -> CountdownProblem {
    let sets = numberSets(split)
    var numbers = sets[random.uniform(below: sets.count)]
    for last in [2, 1] {  // Fisher-Yates
      let other = random.uniform(below: last + 1)
      (numbers[last], numbers[other]) = (numbers[other], numbers[last])
    }
    let valid = signings(of: numbers)
    return CountdownProblem(
      numbers: numbers, target: valid[random.uniform(below: valid.count)].wrappedSum())
  }

  /// The rule that keeps a sorted set for evaluation: three primes mixed, one set in ten.
  private static func isHeldOut(_ sorted: SIMD3<Int>) -> Bool {
    (sorted.x * 7919 + sorted.y * 104_729 + sorted.z * 1_299_709) % 1000 < 100
  }

  private static let trainSets = allSets.filter { !isHeldOut($0) }
  private static let heldOutSets = allSets.filter(isHeldOut)
  private static let allSets: [SIMD3<Int>] = (1...10).flatMap { a in
    (a + 1...11).flatMap { b in (b + 1...12).map { c in SIMD3(a, b, c) } }
  }
}

/// Three numbers in ascending order.
func ascending(_ numbers: SIMD3<Int>) -> SIMD3<Int> {
  let low = numbers.min()
  let high = numbers.max()
  return SIMD3(low, numbers.wrappedSum() - low - high, high)
}
