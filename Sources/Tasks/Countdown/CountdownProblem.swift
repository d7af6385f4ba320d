// A few numbers and a target: the problems of the Countdown task, their splits and their prompts.
import KeyedRandom

/// "Use a b c to make T": three to five different numbers of 1...12 in the order of presentation, and
/// a target that one of their signed sums reaches.
public struct CountdownProblem: Sendable, Hashable {
  /// Which number sets a problem is drawn from.
  public enum Split: String, Sendable, CaseIterable {
    /// The sets that pretraining and reinforcement learning see.
    case train
    /// The sets kept for evaluation.
    case heldOut = "held-out"
  }

  /// The variant, by the count of numbers.
  public let variant: CountdownVariant
  /// The numbers in the order in which the prompt gives them.
  public let numbers: [Int]
  /// The value to reach, in 0...36.
  public let target: Int

  /// A problem with these numbers; it is not checked that the target can be reached.
  public init(numbers: [Int], target: Int) {
    let range = 0...CountdownVocabulary.largestNumber
    guard let variant = CountdownVariant(rawValue: numbers.count) else {
      preconditionFailure("a problem has three to five numbers")
    }
    precondition(
      numbers.allSatisfy { range.contains($0) } && range.contains(target),
      "numbers and target of a problem have tokens")
    self.variant = variant
    self.numbers = numbers
    self.target = target
  }

  /// Reads `<bos> Use a b c to make T .`; nil for any other tokens.
  public init?(prompt: [Int32]) {
    typealias Words = CountdownVocabulary
    guard
      let variant = CountdownVariant.allCases.first(where: { $0.promptLength == prompt.count })
    else { return nil }
    let end = 2 + variant.numberCount
    let numbers = prompt[2..<end].compactMap { Words.number(of: $0) }
    guard numbers.count == variant.numberCount, prompt[0] == Words.bos, prompt[1] == Words.use,
      prompt[end] == Words.to, prompt[end + 1] == Words.make,
      let target = Words.number(of: prompt[end + 2]), prompt[end + 3] == Words.period
    else { return nil }
    self.init(numbers: numbers, target: target)
  }

  /// `<bos> Use a b c to make T .`
  public var prompt: [Int32] {
    typealias Words = CountdownVocabulary
    return [Words.bos, Words.use] + numbers.map { Words.token(of: $0) }
      + [Words.to, Words.make, Words.token(of: target), Words.period]
  }

  /// The problem's name, independent of the order of its numbers: `3-5-11=13`.
  public var id: String { "\(cluster)=\(target)" }

  /// The name of the number set, the independent unit of intervals: `3-5-11`.
  public var cluster: String { numbers.sorted().map(String.init).joined(separator: "-") }

  /// The split this problem's number set belongs to.
  public var split: Split { Self.isHeldOut(numbers.sorted()) ? .heldOut : .train }

  // MARK: - Number sets and expressions

  /// The number sets of a split in ascending order, each sorted. Held out are 24 of the 220 sets of
  /// three numbers, 46 of the 495 of four and 77 of the 792 of five.
  public static func numberSets(
    _ split: Split, _ variant: CountdownVariant = .three
  ) -> [[Int]] {
    let place = variant.numberCount - CountdownVariant.three.numberCount
    return (split == .heldOut ? heldOutSets : trainSets)[place]
  }

  /// The valid signed sums of the numbers: a value in 0...36, and with three numbers at most one
  /// minus. Each is the numbers with their signs, in the given order. The three or four of three
  /// numbers all differ in value; those of more numbers need not. The order in which the terms of a
  /// sum are written does not matter for its identity.
  public static func signings(of numbers: [Int]) -> [[Int]] {
    guard let variant = CountdownVariant(rawValue: numbers.count) else {
      preconditionFailure("a problem has three to five numbers")
    }
    var valid: [[Int]] = []
    valid.reserveCapacity(8)
    for negated in 0..<1 << numbers.count where variant.allows(minusSigns: negated.nonzeroBitCount)
    {
      var signing = numbers
      for place in numbers.indices where negated >> place & 1 == 1 { signing[place].negate() }
      if 0...CountdownVocabulary.largestNumber ~= sum(signing) { valid.append(signing) }
    }
    return valid
  }

  /// Draws a problem: a uniform number set of the split, a uniform order of presentation, and the
  /// value of a uniform valid expression as target. With more than three numbers the expression has
  /// a minus sign, so that adding all numbers is never right.
  public static func sample(
    _ split: Split, _ variant: CountdownVariant = .three, key: RandomKey
  ) -> CountdownProblem {
    var random = key.generator()
    return sample(split, variant, using: &random)
  }

  /// `count` draws, the i-th keyed by `key.derive(i)`: a longer list begins with a shorter one.
  public static func samples(
    _ count: Int, _ split: Split, _ variant: CountdownVariant = .three, key: RandomKey
  ) -> [CountdownProblem] {
    (0..<count).map { sample(split, variant, key: key.derive(UInt64($0))) }
  }

  static func sample(
    _ split: Split, _ variant: CountdownVariant, using random: inout KeyedGenerator
  ) -> CountdownProblem {
    let sets = numberSets(split, variant)
    var numbers = sets[random.uniform(below: sets.count)]
    random.shuffle(&numbers)
    var valid = signings(of: numbers)
    valid.removeAll { signing in !variant.targets(minusSigns: signing.count { $0 < 0 }) }
    return CountdownProblem(
      numbers: numbers, target: sum(valid[random.uniform(below: valid.count)]))
  }

  /// Whether a sorted set is held out: a hash by primes selects one set in ten.
  private static func isHeldOut(_ sorted: [Int]) -> Bool {
    zip(sorted, primes).reduce(0) { $0 + $1.0 * $1.1 } % 1000 < 100
  }

  /// The primes with index 10^3, 10^4, …, 10^7.
  private static let primes = [7919, 104_729, 1_299_709, 15_485_863, 179_424_673]

  private static let trainSets = allSets.map { $0.filter { !isHeldOut($0) } }
  private static let heldOutSets = allSets.map { $0.filter(isHeldOut) }
  private static let allSets = CountdownVariant.allCases.map { sets($0.numberCount, from: 1) }

  /// The ascending choices of so many numbers of `low`...12, in lexicographic order.
  private static func sets(_ count: Int, from low: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return (low...13 - count).flatMap { first in
      sets(count - 1, from: first + 1).map { [first] + $0 }
    }
  }
}

/// The sum of a few numbers.
func sum(_ numbers: [Int]) -> Int { numbers.reduce(0, +) }
