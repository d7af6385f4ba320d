// The steps of Countdown responses: every written equation and every verdict.

extension CountdownProblem {
  /// The steps of a response, in order. Any token ids are allowed.
  ///
  /// An equation is right if it is true, a verdict if it says whether the number before it is the target.
  /// Φ is 1 after the verdict on an expression that is computed rightly and reaches the target, until the
  /// next equation, and 0 elsewhere. It depends on the tokens so far alone.
  func steps(of response: [Int32]) -> [ResponseStep] {
    typealias Words = CountdownVocabulary
    var steps: [ResponseStep] = []
    for (index, token) in response.enumerated() {
      if token == Words.equals,
        let isTrue = CountdownMoves.equation(response, around: index, of: self)
      {
        steps.append(ResponseStep(end: index + 2, isRight: isTrue, potential: 0))
      }
      guard token == Words.yes || token == Words.no, index >= 2,
        response[index - 2] == Words.equals, let result = Words.number(of: response[index - 1])
      else { continue }
      steps.append(
        ResponseStep(
          end: index + 1, isRight: (token == Words.yes) == (result == target),
          potential: isSolved(response, through: index) ? 1 : 0))
    }
    return steps
  }

  /// Whether the statement that ends in the verdict at an index is true and reaches the target.
  private func isSolved(_ response: [Int32], through verdict: Int) -> Bool {
    let start = verdict + 2 - variant.statementLength
    guard start >= 0 else { return false }
    // What follows the verdict is not part of the state.
    let tokens = Array(response[start...verdict]) + [CountdownVocabulary.period]
    guard let statement = CountdownStatement(tokens, at: 0, of: self) else { return false }
    return statement.isTrue(of: self) && statement.reachesTarget(of: self)
  }
}
