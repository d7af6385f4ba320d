// A signed sum of a few numbers, in the order in which it is written.
import KeyedRandom

/// `A o B o C` with o one of + and −, and as many terms as the problem has numbers: signed terms of
/// which the first is positive.
public struct CountdownExpression: Sendable, Hashable {
  /// The signed terms from left to right.
  public let terms: [Int]

  /// An expression with these terms; programmer error if it opens with a minus.
  public init(terms: [Int]) {
    precondition(terms.first.map { $0 >= 0 } == true, "an expression opens with a plus")
    self.terms = terms
  }

  /// The exact value.
  public var value: Int { sum(terms) }

  /// The tokens `A o B o C` in a response to a problem.
  public func tokens(answering problem: CountdownProblem) -> [Int32] {
    typealias Words = CountdownVocabulary
    return terms.enumerated().flatMap { place, term in
      (place == 0 ? [] : [Words.sign(of: term)])
        + [Words.token(of: problem.name(of: abs(term)))]
    }
  }

  /// A random evaluation order of a signed sum, uniform over those that open with a plus and keep
  /// every step in 0...36. There is always one: no number exceeds 12 and the whole sum is valid, so
  /// a plus can follow whatever is at most 24 and a minus whatever is at least 12.
  static func randomOrder(
    of signing: [Int], using random: inout KeyedGenerator
  ) -> CountdownExpression {
    let orders = orders[signing.count - 3]
    while true {
      let terms = orders[random.uniform(below: orders.count)].map { signing[$0] }
      if terms[0] > 0, staysInRange(terms) { return CountdownExpression(terms: terms) }
    }
  }

  private static func staysInRange(_ terms: [Int]) -> Bool {
    var total = 0
    for term in terms {
      total += term
      if !(0...CountdownVocabulary.largestNumber ~= total) { return false }
    }
    return true
  }

  /// The orders of three, four and five things, lexicographically.
  private static let orders = (3...5).map { permutations(Array(0..<$0)) }

  private static func permutations(_ things: [Int]) -> [[Int]] {
    if things.isEmpty { return [[]] }
    return things.flatMap { first in
      permutations(things.filter { $0 != first }).map { [first] + $0 }
    }
  }
}
