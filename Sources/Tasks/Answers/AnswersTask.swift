// The task `answers`: problems of a file in random order, judged by their reference answers.

/// A user's problems, in the tokens of one model.
struct AnswersTask: FileTask {
  let problems: FileProblems
  private let external: ExternalVerifier?
  private let player: any TaskPlayer
  private let answers = AnswerVerifier()

  init(_ problems: FileProblems, verifier: ExternalVerifier?, player: any TaskPlayer) {
    self.problems = problems
    external = verifier
    self.player = player
  }

  // MARK: - Rewards

  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?] {
    guard let external else {
      return try responses.map { response in
        if shouldStop() { throw CancellationError() }
        return answers.verify(text(of: response), answer: response.problem.answer)
      }
    }
    // One problem has several responses; the number makes a name unique.
    let samples = responses.enumerated().map { index, response in
      VerificationSample(
        id: "\(response.problem.id)#\(index)", response: text(of: response),
        answer: response.problem.answer)
    }
    return try external.verify(samples, shouldStop: shouldStop)
  }

  private func text(of response: TaskResponse) -> String {
    response.text ?? player.text(ofResponse: response.tokens) ?? ""
  }
}
