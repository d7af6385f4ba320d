// One computation of an expression as a response writes it.

/// `A o B = r1 . Then r1 o C = r2 V .`, read from token ids, true or not.
struct CountdownStatement {
  /// The signed terms A, o B, o C.
  let terms: SIMD3<Int>
  /// What is written for r1, twice, and for r2.
  let firstSum: Int
  let carriedSum: Int
  let total: Int
  /// Whether V is `yes`.
  let claimsTarget: Bool

  static let length = 14

  /// Reads the tokens from `start` on; nil where they are anything else.
  init?(_ tokens: [Int32], at start: Int) {
    typealias Words = CountdownVocabulary
    guard start >= 0, start <= tokens.count - Self.length,
      let a = Words.number(of: tokens[start]), let plusB = Words.sign(of: tokens[start + 1]),
      let b = Words.number(of: tokens[start + 2]), tokens[start + 3] == Words.equals,
      let firstSum = Words.number(of: tokens[start + 4]), tokens[start + 5] == Words.period,
      tokens[start + 6] == Words.then, let carriedSum = Words.number(of: tokens[start + 7]),
      let plusC = Words.sign(of: tokens[start + 8]), let c = Words.number(of: tokens[start + 9]),
      tokens[start + 10] == Words.equals, let total = Words.number(of: tokens[start + 11]),
      tokens[start + 12] == Words.yes || tokens[start + 12] == Words.no,
      tokens[start + 13] == Words.period
    else { return nil }
    terms = SIMD3(a, plusB * b, plusC * c)
    self.firstSum = firstSum
    self.carriedSum = carriedSum
    self.total = total
    claimsTarget = tokens[start + 12] == Words.yes
  }

  /// Whether the expression is a way to the target, whatever was computed.
  func reachesTarget(of problem: CountdownProblem) -> Bool {
    uses(problem.numbers) && terms.wrappedSum() == problem.target
  }

  /// Whether both steps and the verdict are right.
  func isTrue(of problem: CountdownProblem) -> Bool {
    terms.x + terms.y == firstSum && carriedSum == firstSum && firstSum + terms.z == total
      && claimsTarget == (total == problem.target)
  }

  /// Whether both are the same signed sum, written in whatever order.
  func isSameSum(as other: CountdownStatement) -> Bool {
    ascending(terms) == ascending(other.terms)
  }

  private func uses(_ numbers: SIMD3<Int>) -> Bool {
    let magnitudes = SIMD3(abs(terms.x), abs(terms.y), abs(terms.z))
    return ascending(magnitudes) == ascending(numbers)
  }
}
