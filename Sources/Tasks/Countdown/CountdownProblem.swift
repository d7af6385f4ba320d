// A few numbers and a target: the problems of the Countdown task, their splits and their prompts.
import KeyedRandom

/// "Use a b c to make T": three to five different numbers of 1...12 in the order of presentation, and
/// a target that one of their signed sums reaches. "Use 1 = a, 2 = b, 3 = c to make T" for responses
/// that name the numbers by position.
public struct CountdownProblem: Sendable, Hashable {
  /// Which number sets a problem is drawn from.
  public enum Split: String, Sendable, CaseIterable {
    /// The sets that pretraining and reinforcement learning see.
    case train
    /// The sets kept for evaluation.
    case heldOut = "held-out"
  }

  /// The variant; the prompt shows it.
  public let variant: CountdownVariant
  /// The numbers in the order in which the prompt gives them.
  public let numbers: [Int]
  /// The value to reach, in 0...36.
  public let target: Int

  /// A problem with these numbers; it is not checked that the target can be reached.
  ///
  /// - Parameter variant: nil is the one that restates so many numbers.
  public init(numbers: [Int], target: Int, variant: CountdownVariant? = nil) {
    let range = 0...CountdownVocabulary.largestNumber
    guard let variant = variant ?? CountdownVariant(numberCount: numbers.count),
      variant.numberCount == numbers.count
    else {
      preconditionFailure("a problem has three to five numbers")
    }
    precondition(
      numbers.allSatisfy { range.contains($0) } && range.contains(target),
      "numbers and target of a problem have tokens")
    self.variant = variant
    self.numbers = numbers
    self.target = target
  }

  /// Reads `<bos> Use a b c to make T .` or `<bos> Use 1 = a , 2 = b , 3 = c to make T .`; nil for any
  /// other tokens.
  public init?(prompt: [Int32]) {
    typealias Words = CountdownVocabulary
    // `<bos> Use`, and `to make T .`
    let end = prompt.count - 4
    guard end > 2, let target = Words.number(of: prompt[end + 2]) else { return nil }
    let hasNames = prompt[2..<end].contains(Words.equals)
    let numbers = (2..<end).compactMap { place in
      hasNames && prompt[place - 1] != Words.equals ? nil : Words.number(of: prompt[place])
    }
    guard let variant = hasNames ? .positions : CountdownVariant(numberCount: numbers.count),
      variant.numberCount == numbers.count
    else { return nil }
    self.init(numbers: numbers, target: target, variant: variant)
    guard self.prompt == prompt else { return nil }
  }

  /// `<bos> Use a b c to make T .`, or with `positions` `<bos> Use 1 = a , 2 = b , 3 = c to make T .`
  public var prompt: [Int32] {
    typealias Words = CountdownVocabulary
    let words = numbers.enumerated().map { place, number in
      (variant.restates ? [] : [Words.token(of: place + 1), Words.equals]) + [
        Words.token(of: number)
      ]
    }
    return [Words.bos, Words.use] + words.joined(separator: variant.restates ? [] : [Words.comma])
      + [Words.to, Words.make, Words.token(of: target), Words.period]
  }

  // MARK: - Names of numbers in responses

  /// What a response writes for one of the numbers: the number, or with `positions` its place in the
  /// prompt, from 1 on.
  func name(of number: Int) -> Int {
    variant.restates ? number : (numbers.firstIndex(of: number) ?? 0) + 1
  }

  /// The number that a response names so; nil for a name that no number has.
  func number(named name: Int) -> Int? {
    if variant.restates { return name }
    return numbers.indices.contains(name - 1) ? numbers[name - 1] : nil
  }

  // MARK: - Names and splits

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
    (split == .heldOut ? heldOutSets : trainSets)[variant.numberCount - 3]
  }

  /// The valid signed sums of the numbers: a value in 0...36, and with three numbers at most one
  /// minus. Each is the numbers with their signs, in the given order. The three or four of three
  /// numbers all differ in value; those of more numbers need not. The order in which the terms of a
  /// sum are written does not matter for its identity.
  public static func signings(of numbers: [Int]) -> [[Int]] {
    guard let variant = CountdownVariant(numberCount: numbers.count) else {
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
      numbers: numbers, target: sum(valid[random.uniform(below: valid.count)]), variant: variant)
  }

  /// Whether a sorted set is held out: a hash by primes selects one set in ten.
  private static func isHeldOut(_ sorted: [Int]) -> Bool {
    zip(sorted, primes).reduce(0) { $0 + $1.0 * $1.1 } % 1000 < 100
  }

  /// The primes with index 10^3, 10^4, …, 10^7.
  private static let primes = [7919, 104_729, 1_299_709, 15_485_863, 179_424_673]

  private static let trainSets = allSets.map { $0.filter { !isHeldOut($0) } }
  private static let heldOutSets = allSets.map { $0.filter(isHeldOut) }
  private static let allSets = (3...5).map { sets($0, from: 1) }

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
