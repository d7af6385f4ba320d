// The task `answers`: problems of a file in random order, judged by their reference answers.
import KeyedRandom

/// A user's problems, in the tokens of one model.
struct AnswersTask: PolicyTask {
  private let training: [TaskProblem]
  /// In the order in which evaluations take them.
  private let heldOut: [TaskProblem]
  private let external: ExternalVerifier?
  private let player: any TaskPlayer
  private let answers = AnswerVerifier()
  let files: [String]
  let longestPrompt: Int
  let documentStart: [Int32]
  let ordinaryTokens: [Int32]

  init(
    training: [TaskProblem], heldOut: [TaskProblem], files: [String], verifier: ExternalVerifier?,
    player: any TaskPlayer
  ) {
    self.training = training
    // A file may be sorted by difficulty; the first problems of an evaluation should not be.
    self.heldOut = Self.shuffled(heldOut, RandomKey(seed: 0).derive("held-out problems"))
    self.files = files
    external = verifier
    self.player = player
    longestPrompt = (training + heldOut).map(\.promptTokens.count).max() ?? 0
    documentStart = player.startToken.map { [$0] } ?? []
    ordinaryTokens = (0..<Int32(player.vocabularySize)).filter {
      !player.specialTokens.contains($0)
    }
  }

  // MARK: - Problems

  func draw(key: RandomKey) -> TaskProblem {
    var generator = key.generator()
    return training[generator.uniform(below: training.count)]
  }

  /// Consecutive problems of an endless list. Each epoch is the whole file in a new random order,
  /// so every problem occurs once per epoch.
  func problems(ofStep step: Int, count: Int, key: RandomKey) -> [TaskProblem] {
    let places = (step - 1) * count..<step * count
    let epochs = places.lowerBound / training.count...(places.upperBound - 1) / training.count
    let list = epochs.flatMap { Self.shuffled(training, key.derive(UInt64($0))) }
    return places.map { list[$0 - epochs.lowerBound * training.count] }
  }

  func heldOut(_ count: Int) -> [TaskProblem] { Array(heldOut.prefix(count)) }

  private static func shuffled(_ problems: [TaskProblem], _ key: RandomKey) -> [TaskProblem] {
    var problems = problems
    var generator = key.generator()
    generator.shuffle(&problems)
    return problems
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
