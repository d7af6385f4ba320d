// A problem in the tokens of a model.

/// A prompt x with its names and reference answer.
public struct TaskProblem: Sendable, Hashable {
  /// Names the problem.
  public var id: String
  /// The independent unit of intervals.
  public var cluster: String
  /// x in tokens, not empty.
  public var promptTokens: [Int32]
  /// The text of x, where it is known.
  public var prompt: String?
  /// The reference answer, where there is one.
  public var answer: String?

  /// A problem.
  public init(
    id: String, cluster: String, promptTokens: [Int32], prompt: String? = nil,
    answer: String? = nil
  ) {
    self.id = id
    self.cluster = cluster
    self.promptTokens = promptTokens
    self.prompt = prompt
    self.answer = answer
  }

  /// The problem of a rollout.
  public init(of rollout: Rollout) {
    self.init(
      id: rollout.problemID, cluster: rollout.cluster, promptTokens: rollout.promptTokens,
      prompt: rollout.prompt, answer: rollout.answer)
  }

  /// The problems of a JSONL file (see `ProblemReader`), in a model's tokens.
  ///
  /// - Parameters:
  ///   - contents: The file to read where it is not at `path`, which errors name.
  ///   - complete: How a task converts each problem.
  /// - Throws: `TaskFileError` with the line.
  public static func read(
    path: String, contents: String? = nil, for player: any TaskPlayer,
    complete: (TaskProblem) throws(LineFault) -> TaskProblem
  ) throws -> [TaskProblem] {
    // Every line up to the last problem has one, so a problem's index gives its line.
    try ProblemReader.read(path: path, contents: contents).enumerated().map { index, problem in
      func fault(_ message: String) -> TaskFileError {
        TaskFileError(message, path: path, line: index + 1)
      }
      let tokens: [Int32]
      do {
        tokens = try player.encode(prompt: problem.prompt)
      } catch {
        throw fault("the prompt cannot be encoded: \(error)")
      }
      let limit = player.vocabularySize
      guard !tokens.isEmpty, tokens.allSatisfy({ $0 >= 0 && Int($0) < limit }) else {
        throw fault("the prompt has no tokens of the model (expected ids below \(limit))")
      }
      let read = TaskProblem(
        id: problem.id, cluster: problem.cluster, promptTokens: tokens,
        prompt: try player.text(of: problem.prompt), answer: problem.answer)
      do throws(LineFault) {
        return try complete(read)
      } catch {
        throw fault(error.message)
      }
    }
  }
}

extension TaskProblem {
  /// Refuses a prompt after which a response of the allowed length has no room.
  func requireRoom(
    for maximumNewTokens: Int, in player: any TaskPlayer
  ) throws(LineFault) {
    let room = player.maximumPositions - maximumNewTokens
    guard promptTokens.count <= room else {
      throw LineFault(
        "the prompt has \(promptTokens.count) tokens (expected at most \(room): the model "
          + "has \(player.maximumPositions) positions, max_new_tokens is \(maximumNewTokens))")
    }
  }
}
