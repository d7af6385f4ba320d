// The built-in verifiers, applied to rollouts: those of a task, or an answer in text.
import Tasks

/// Verifies rollouts of a task, and of any other problem with a reference answer.
public struct BuiltInVerifier: Sendable {
  private let task: (any PolicyTask)?
  let decode: @Sendable ([Int32]) -> String?
  private let answers = AnswerVerifier()

  /// - Parameters:
  ///   - task: The task that is asked first; nil for a model of text.
  ///   - decode: The text of a response's tokens; nil without a tokenizer.
  public init(_ task: (any PolicyTask)?, decode: @escaping @Sendable ([Int32]) -> String?) {
    self.task = task
    self.decode = decode
  }

  /// What a rollout is found to be; nil where neither its task nor a reference answer is known.
  public func verify(_ rollout: Rollout) throws -> Verification? {
    if let found = try task?.verify([TaskResponse(of: rollout)], shouldStop: { false }).first ?? nil
    {
      return found
    }
    guard let answer = rollout.answer, let response = text(of: rollout) else { return nil }
    return answers.verify(response, answer: answer)
  }

  /// The response as the file has it, or decoded; nil without a tokenizer.
  public func text(of rollout: Rollout) -> String? {
    rollout.response ?? decode(rollout.responseTokens)
  }
}
