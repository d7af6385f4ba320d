// Whether a policy prefers some expressions regardless of the problem.

/// Bias in the choice of expressions: which numbers the minus signs of the first attempt go to (none,
/// the smallest, …, the largest, and with more than three numbers several of them), against a uniform
/// choice among the expressions that the problem allows.
enum CountdownSkew {
  /// Total variation ½ Σ |frequency − expected frequency|, in 0...1; NaN without a readable
  /// attempt.
  static func measure(_ responses: some Sequence<(CountdownProblem, [Int32])>) -> Double {
    // By the negated numbers' places in ascending order, as bits.
    var seen = [Double](repeating: 0, count: 1 << 5)
    var expected = seen
    for (problem, response) in responses {
      let sorted = problem.numbers.sorted()
      func negated(_ terms: [Int]) -> Int? {
        guard terms.map({ abs($0) }).sorted() == sorted else { return nil }
        let places = sorted.indices.filter { terms.contains(-sorted[$0]) }
        return places.reduce(0) { $0 | 1 << $1 }
      }
      guard let attempt = firstAttempt(response, of: problem), let own = negated(attempt),
        problem.variant.allows(minusSigns: own.nonzeroBitCount)
      else { continue }
      seen[own] += 1
      let choices = CountdownProblem.signings(of: problem.numbers)
      for choice in choices {
        guard let place = negated(choice) else { continue }
        expected[place] += 1 / Double(choices.count)
      }
    }
    let count = seen.reduce(0, +)
    return zip(seen, expected).reduce(0) { $0 + abs($1.0 - $1.1) } / (2 * count)
  }

  /// The signed terms of `First A o B = r . Then r o C`, with a step for every further number.
  private static func firstAttempt(_ response: [Int32], of problem: CountdownProblem) -> [Int]? {
    typealias Words = CountdownVocabulary
    let variant = problem.variant
    guard let start = response.firstIndex(of: Words.first),
      start + variant.statementLength - 4 < response.count,
      let first = Words.number(of: response[start + 1])
    else { return nil }
    var names = [first]
    for step in 1..<variant.numberCount {
      let place = start + 2 + 7 * (step - 1)
      guard response[place] == Words.plus || response[place] == Words.minus,
        let number = Words.number(of: response[place + 1])
      else { return nil }
      names.append(response[place] == Words.plus ? number : -number)
    }
    return names.compactMap { name in
      problem.number(named: abs(name)).map { name < 0 ? -$0 : $0 }
    }
  }
}
