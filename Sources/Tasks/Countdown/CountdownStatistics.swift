// The statistics of Countdown responses.

extension CountdownVariant {
  /// Moves, false steps and the choice of expressions, of problems of any variant.
  public static var statistics: [TaskStatistic] {
    [
      TaskStatistic(
        "transitions", "transitions per response", .mean { Double(moves($0).transitions) }),
      TaskStatistic(
        "reflections", "reflections per response", .mean { Double(moves($0).reflections) }),
      TaskStatistic(
        "false_steps", "share of written arithmetic steps that are false",
        evaluationKey: "false_step_share",
        .share {
          let moves = moves($0)
          return (Double(moves.falseSteps), Double(moves.steps))
        }),
      TaskStatistic(
        "expression_skew",
        "total variation between the minus signs of first attempts and a uniform choice",
        .overall { responses in
          CountdownSkew.measure(
            responses.compactMap { response in
              CountdownProblem(prompt: response.problem.promptTokens).map { ($0, response.tokens) }
            })
        }),
    ]
  }

  private static func moves(_ response: TaskResponse) -> CountdownMoves {
    CountdownProblem(prompt: response.problem.promptTokens)
      .map { CountdownMoves(response.tokens, of: $0) } ?? CountdownMoves()
  }
}
