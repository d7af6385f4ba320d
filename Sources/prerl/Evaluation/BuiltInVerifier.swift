// The built-in verifiers, applied to rollouts: Countdown's tokens or an answer in text.
import Tasks

/// Verifies rollouts of any task that the program knows.
struct BuiltInVerifier {
  let checkpoint: Checkpoint
  private let answers = AnswerVerifier()

  init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
  }

  /// What a rollout is found to be; nil where neither its task nor a reference answer is known.
  func verify(_ rollout: Rollout) -> Verification? {
    if checkpoint.isCountdown, let problem = CountdownProblem(prompt: rollout.promptTokens) {
      return Self.verification(
        CountdownVerifier.verify(rollout.responseTokens, of: problem), of: rollout, problem.variant)
    }
    guard let answer = rollout.answer, let response = text(of: rollout) else { return nil }
    return answers.verify(response, answer: answer)
  }

  /// The response as the file has it, or decoded; nil without a tokenizer.
  func text(of rollout: Rollout) -> String? {
    rollout.response ?? checkpoint.text(ofResponse: rollout.responseTokens)
  }

  private static func verification(
    _ verdict: CountdownVerdict, of rollout: Rollout, _ variant: CountdownVariant
  ) -> Verification {
    let (outcome, reason): (VerificationOutcome, String) =
      switch verdict {
      case .correct: (.correct, "the target, of the problem's numbers")
      case .wrongValue: (.wrong, "another value than the target")
      case .wrongNumbers: (.wrong, "other numbers than the problem's")
      case .unparsed: (.unparsed, "no answer of \(variant) numbers before the end")
      case .unfinished: (.unparsed, "no end token")
      }
    let end = rollout.responseTokens.suffix(variant.answerLength)
    return Verification(
      outcome, reward: verdict.reward,
      extracted: outcome == .unparsed ? nil : CountdownVocabulary.text(of: Array(end)),
      reason: reason)
  }
}
