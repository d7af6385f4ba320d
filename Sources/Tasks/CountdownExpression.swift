// A signed sum of three numbers, in the order in which it is written.
import KeyedRandom

/// `A o B o C` with o one of + and −: three signed terms of which the first is positive.
public struct CountdownExpression: Sendable, Hashable {
  /// The signed terms from left to right.
  public let terms: SIMD3<Int>

  /// An expression with these terms; programmer error if it opens with a minus.
  public init(terms: SIMD3<Int>) {
    precondition(terms.x >= 0, "an expression opens with a plus")
    self.terms = terms
  }

  /// The exact value.
  public var value: Int { terms.wrappedSum() }

  /// The five tokens `A o B o C`.
  public var tokens: [Int32] {
    [
      CountdownVocabulary.token(of: terms.x), CountdownVocabulary.sign(of: terms.y),
      CountdownVocabulary.token(of: abs(terms.y)), CountdownVocabulary.sign(of: terms.z),
      CountdownVocabulary.token(of: abs(terms.z)),
    ]
  }

  /// A random evaluation order of a signed sum, uniform over those that open with a plus and whose
  /// first step is not negative (there is always one: a valid sum has at least two positive terms).
  static func randomOrder(
    of signing: SIMD3<Int>, using random: inout KeyedGenerator
  ) -> CountdownExpression {
    while true {
      let order = orders[random.uniform(below: orders.count)]
      let terms = SIMD3(signing[order.x], signing[order.y], signing[order.z])
      if terms.x > 0, terms.x + terms.y >= 0 { return CountdownExpression(terms: terms) }
    }
  }
}

/// The six orders of three things.
private let orders: [SIMD3<Int>] = [
  SIMD3(0, 1, 2), SIMD3(0, 2, 1), SIMD3(1, 0, 2), SIMD3(1, 2, 0), SIMD3(2, 0, 1), SIMD3(2, 1, 0),
]
