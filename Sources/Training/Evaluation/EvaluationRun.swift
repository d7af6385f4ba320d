// One evaluation of rollouts: verify those that need it, compare the verifiers, count.
import KeyedRandom
import Statistics
import Tasks

/// An evaluation that can be started and interrupted.
///
///     var run = EvaluationRun(rollouts, from: .file("rollouts.jsonl"), verifier: verifier)
///     run.tries = [1, 8]
///     let outcome = try run.run()
///
/// ``RolloutSampler`` makes the rollouts of a checkpoint.
public struct EvaluationRun: Sendable {
  /// Where rollouts come from, for errors.
  public enum Source: Sendable {
    /// A file with a rollout on every line.
    case file(String)
    /// Sampled from a model of this name.
    case sampled(from: String)

    /// A rollout in messages.
    func place(_ place: Int) -> String {
      switch self {
      case .file(let path): "\(path):\(place + 1)"
      case .sampled(let name): "\(name): sampled rollout \(place + 1)"
      }
    }

    /// Every line up to the last rollout holds one, so a rollout's place is its line.
    func fault(_ message: String, at place: Int) -> TaskFileError {
      switch self {
      case .file(let path): TaskFileError(message, path: path, line: place + 1)
      case .sampled(let name):
        TaskFileError("sampled rollout \(place + 1): \(message)", path: name)
      }
    }
  }

  public let rollouts: [Rollout]
  public let source: Source
  /// Judges rollouts without a reward.
  public var verifier: BuiltInVerifier
  /// Judges all rollouts in the built-in verifier's place.
  public var externalVerifier: ExternalVerifier?
  /// Whether rewards that are there are replaced.
  public var verifiesAgain = false
  /// Whether the verifiers, and the rewards of a file, are compared.
  public var audits = false
  /// The k of Avg@k and Pass@k, ascending.
  public var tries = [1, 8, 32]
  /// The model's end tokens: a response that has none at its end was cut.
  public var endTokens: [Int32] = []
  /// The seed of the bootstrap.
  public var seed: UInt64 = 0

  public init(_ rollouts: [Rollout], from source: Source, verifier: BuiltInVerifier) {
    self.rollouts = rollouts
    self.source = source
    self.verifier = verifier
  }

  /// How the run ended.
  public enum Outcome: Sendable {
    case finished(EvaluationReport)
    /// Stopped in the middle of something; there is no result.
    case interrupted(during: Activity)
  }

  /// What a run does when it is stopped.
  public enum Activity: Sendable {
    case builtInVerification
    case externalVerification
  }

  /// Verifies and counts.
  ///
  /// - Parameter shouldStop: Asked while rollouts are verified.
  /// - Throws: `TaskFileError` for a rollout that has neither a reward nor an answer to verify it
  ///   against, and where the external verifier fails.
  public func run(shouldStop: () -> Bool = { false }) throws -> Outcome {
    let verification: RolloutVerification
    do {
      verification = try RolloutVerification(
        rollouts, from: source, judge: verifier, external: externalVerifier, again: verifiesAgain,
        everywhere: audits, shouldStop: shouldStop)
    } catch let error as RolloutVerification.Stopped {
      return .interrupted(during: error.activity)
    }
    // Sampled rollouts have their rewards from the built-in verifier.
    let given: [Double?] =
      switch source {
      case .file: rollouts.map(\.reward)
      case .sampled: rollouts.map { _ in nil }
      }
    return .finished(
      EvaluationReport(
        verification: verification,
        audit: audits ? VerificationAudit(verification, given: given) : nil,
        evaluation: Evaluation(
          verification.rollouts, ks: tries, endTokens: endTokens,
          bootstrap: BootstrapT(key: RandomKey(seed: seed).derive("bootstrap")))))
  }
}
