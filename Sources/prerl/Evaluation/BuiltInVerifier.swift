// The built-in verifiers, applied to rollouts: those of a task, or an answer in text.
import Tasks

/// Verifies rollouts of any task that the program knows.
struct BuiltInVerifier {
  let checkpoint: Checkpoint
  private let task: (any PolicyTask)?
  private let answers = AnswerVerifier()

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    task = checkpoint.builtInTask
  }

  /// What a rollout is found to be; nil where neither its task nor a reference answer is known.
  func verify(_ rollout: Rollout) throws -> Verification? {
    if let found = try task?.verify([TaskResponse(of: rollout)], shouldStop: { false }).first ?? nil
    {
      return found
    }
    guard let answer = rollout.answer, let response = text(of: rollout) else { return nil }
    return answers.verify(response, answer: answer)
  }

  /// The response as the file has it, or decoded; nil without a tokenizer.
  func text(of rollout: Rollout) -> String? {
    rollout.response ?? checkpoint.text(ofResponse: rollout.responseTokens)
  }
}
