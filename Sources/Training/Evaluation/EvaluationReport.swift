// What an evaluation found.

/// The parts of an evaluation's result.
public struct EvaluationReport: Sendable {
  /// The rollouts with their final rewards.
  public let verification: RolloutVerification
  /// nil where none was asked for.
  public let audit: VerificationAudit?
  public let evaluation: Evaluation
}
