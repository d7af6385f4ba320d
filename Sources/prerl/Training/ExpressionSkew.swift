// Whether a policy prefers some expressions, whatever the problem asks for.
import Tasks

/// Bias in the choice of expressions: where the minus sign of the first attempt goes (nowhere, to the
/// smallest, the middle or the largest number), against a uniform choice among the expressions that
/// the problem allows.
enum ExpressionSkew {
  /// Total variation ½ Σ |share − expected share|, in 0...1; NaN without a readable attempt.
  static func measure(_ responses: some Sequence<(CountdownProblem, [Int32])>) -> Double {
    var seen = [Double](repeating: 0, count: 4)
    var expected = seen
    for (problem, response) in responses {
      let sorted = [problem.numbers.x, problem.numbers.y, problem.numbers.z].sorted()
      func place(_ terms: [Int]) -> Int? {
        guard terms.map({ abs($0) }).sorted() == sorted else { return nil }
        let negative = terms.filter { $0 < 0 }
        if negative.isEmpty { return 0 }
        return negative.count == 1 ? sorted.firstIndex(of: -negative[0]).map { $0 + 1 } : nil
      }
      guard let attempt = firstAttempt(response), let own = place(attempt) else { continue }
      seen[own] += 1
      let choices = CountdownProblem.signings(of: problem.numbers)
      for choice in choices {
        guard let place = place([choice.x, choice.y, choice.z]) else { continue }
        expected[place] += 1 / Double(choices.count)
      }
    }
    let count = seen.reduce(0, +)
    return zip(seen, expected).reduce(0) { $0 + abs($1.0 - $1.1) } / (2 * count)
  }

  /// The signed terms of `First A o B = r . Then r o C`.
  private static func firstAttempt(_ response: [Int32]) -> [Int]? {
    typealias Words = CountdownVocabulary
    guard let start = response.firstIndex(of: Words.first), start + 10 < response.count,
      let a = Words.number(of: response[start + 1]),
      let b = Words.number(of: response[start + 3]),
      let c = Words.number(of: response[start + 10])
    else { return nil }
    func sign(_ place: Int) -> Int? {
      response[place] == Words.plus ? 1 : response[place] == Words.minus ? -1 : nil
    }
    guard let plusB = sign(start + 2), let plusC = sign(start + 9) else { return nil }
    return [a, plusB * b, plusC * c]
  }
}
