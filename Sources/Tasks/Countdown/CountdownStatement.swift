// One written computation of an expression in a response.

/// `A o B = r1 . Then r1 o C = r2 V .` with a step for every number but the first, read from token
/// ids, true or not. A, B and C may be names of numbers (`CountdownProblem.number(named:)`).
struct CountdownStatement {
  /// The signed terms A, o B, o C.
  let terms: [Int]
  /// The left side of each step: A, then the number written for r1 in the next step.
  let carried: [Int]
  /// The written results r1, r2.
  let results: [Int]
  /// Whether V is `yes`.
  let claimsTarget: Bool

  /// Reads the tokens from `start` on; nil for any other tokens.
  init?(_ tokens: [Int32], at start: Int, of problem: CountdownProblem) {
    typealias Words = CountdownVocabulary
    let variant = problem.variant
    guard start >= 0, start <= tokens.count - variant.statementLength else { return nil }
    var terms: [Int] = []
    var carried: [Int] = []
    var results: [Int] = []
    var place = start
    for step in 1..<variant.numberCount {
      if step > 1 {
        guard tokens[place] == Words.period, tokens[place + 1] == Words.then else { return nil }
        place += 2
      }
      // The left side of the first step and every right side are numbers of the problem.
      guard let written = Words.number(of: tokens[place]),
        let left = step == 1 ? problem.number(named: written) : written,
        let sign = Words.sign(of: tokens[place + 1]),
        let right = Words.number(of: tokens[place + 2]).flatMap({ problem.number(named: $0) }),
        tokens[place + 3] == Words.equals,
        let result = Words.number(of: tokens[place + 4])
      else { return nil }
      if step == 1 { terms.append(left) }
      terms.append(sign * right)
      carried.append(left)
      results.append(result)
      place += 5
    }
    guard tokens[place] == Words.yes || tokens[place] == Words.no,
      tokens[place + 1] == Words.period
    else { return nil }
    self.terms = terms
    self.carried = carried
    self.results = results
    claimsTarget = tokens[place] == Words.yes
  }

  /// Whether the true value of the expression is the target, regardless of what was written.
  func reachesTarget(of problem: CountdownProblem) -> Bool {
    terms.map { abs($0) }.sorted() == problem.numbers.sorted() && sum(terms) == problem.target
  }

  /// Whether all steps and the verdict are right.
  func isTrue(of problem: CountdownProblem) -> Bool {
    for step in results.indices {
      guard carried[step] == (step == 0 ? terms[0] : results[step - 1]),
        carried[step] + terms[step + 1] == results[step]
      else { return false }
    }
    return claimsTarget == (results.last == problem.target)
  }

  /// Whether both are the same signed sum, in any order of its terms.
  func isSameSum(as other: CountdownStatement) -> Bool {
    terms.sorted() == other.terms.sorted()
  }
}
