// The result of a verifier, with its reason.

/// The outcome for one sample, with the information to check it by hand.
public struct Verification: Sendable, Hashable {
  /// The outcome.
  public let outcome: VerificationOutcome
  /// 1 for correct and 0 for everything else, unless an external verifier gave another number.
  public let reward: Double
  /// The answer as written in the response, if one was found.
  public let extracted: String?
  /// The rule that found the answer.
  public let rule: AnswerRule?
  /// The reason, in one line.
  public let reason: String

  /// A result; `reward` nil means 1 for correct, else 0.
  public init(
    _ outcome: VerificationOutcome, reward: Double? = nil, extracted: String? = nil,
    rule: AnswerRule? = nil, reason: String
  ) {
    self.outcome = outcome
    self.reward = reward ?? (outcome == .correct ? 1 : 0)
    self.extracted = extracted
    self.rule = rule
    self.reason = reason
  }
}
