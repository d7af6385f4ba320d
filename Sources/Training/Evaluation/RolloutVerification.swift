// Gives rollouts the rewards of a verifier and keeps what it found.
import StrictJSON
import Tasks

/// Rollouts with their final rewards, and the findings of the verifiers that gave them.
public struct RolloutVerification: Sendable {
  /// The rollouts, every one with a reward.
  public private(set) var rollouts: [Rollout]
  /// How messages call the verifier: `built-in`, or the command.
  public let verifier: String
  /// What the built-in verifier found; nil for rollouts that it was not asked about.
  public private(set) var builtIn: [Verification?]
  /// What the user's verifier found, where there is one.
  public private(set) var external: [Verification]?
  /// The places of the rollouts that were verified; the others keep the rewards of their file.
  public private(set) var verified: [Int]

  /// Verifies what needs it.
  ///
  /// - Parameters:
  ///   - source: where the rollouts come from, for errors.
  ///   - judge: the built-in verifier.
  ///   - external: a verifier that is used for all rollouts instead of the built-in one.
  ///   - again: whether rewards that are there are replaced.
  ///   - everywhere: whether the built-in verifier looks at all rollouts, for an audit.
  ///   - shouldStop: asked now and then.
  /// - Throws: `TaskFileError` for a rollout that cannot be verified, and where the external verifier
  ///   fails; `Stopped`.
  init(
    _ rollouts: [Rollout], from source: EvaluationRun.Source, judge: BuiltInVerifier,
    external: ExternalVerifier?, again: Bool, everywhere: Bool, shouldStop: () -> Bool
  ) throws {
    self.rollouts = rollouts
    verifier = external?.command ?? "built-in"
    verified = rollouts.indices.filter { external != nil || again || rollouts[$0].reward == nil }
    builtIn = Array(repeating: nil, count: rollouts.count)
    for place in everywhere ? Array(rollouts.indices) : external == nil ? verified : [] {
      if shouldStop() { throw Stopped(activity: .builtInVerification) }
      builtIn[place] = try judge.verify(rollouts[place])
    }
    if let external {
      let samples = try rollouts.enumerated().map { index, rollout in
        guard let response = judge.text(of: rollout) else {
          throw source.fault("no response of text (expected one to verify)", at: index)
        }
        return VerificationSample(id: rollout.id, response: response, answer: rollout.answer)
      }
      do {
        self.external = try external.verify(samples, shouldStop: shouldStop)
      } catch is CancellationError {
        throw Stopped(activity: .externalVerification)
      }
    }
    for place in verified {
      guard let found = self.external?[place] ?? builtIn[place] else {
        let rollout = rollouts[place]
        let columns =
          rollout.otherNumbers.isEmpty
          ? "" : ", or --reward with one of \(rollout.otherNumbers.joined(separator: ", "))"
        let missing =
          rollout.reward == nil
          ? "reward (expected a number, or an answer to verify the response against\(columns))"
          : "answer (expected an answer to verify the response against)"
        throw source.fault("no \(missing)", at: place)
      }
      self.rollouts[place].reward = found.reward
    }
  }

  /// The caller asked to stop.
  struct Stopped: Error {
    let activity: EvaluationRun.Activity
  }

  // MARK: - Report

  /// The number of verified rollouts by outcome; empty where the file's rewards were taken.
  public var outcomes: [(outcome: VerificationOutcome, count: Int)] {
    if verified.isEmpty { return [] }
    let found = verified.compactMap { external?[$0] ?? builtIn[$0] }
    return VerificationOutcome.allCases.map { outcome in
      (outcome, found.count { $0.outcome == outcome })
    }
  }

  /// The keys that `evaluate --json` adds; none where nothing was verified.
  public var members: [(String, JSON)] {
    if verified.isEmpty { return [] }
    var counts = JSONObject()
    for (outcome, count) in outcomes { counts[outcome.rawValue] = .integer(count) }
    return [("verifier", .string(verifier)), ("outcomes", .object(counts))]
  }

  /// One line with the counts; nil where nothing was verified.
  public var text: String? {
    if verified.isEmpty { return nil }
    let counts = outcomes.map { "\($0.count) \($0.outcome.words)" }.joined(separator: ", ")
    let name = external == nil ? verifier : JSON.string(verifier).summary
    return "verified (\(name)): \(counts)"
  }
}

extension VerificationOutcome {
  /// The outcome in a sentence.
  var words: String { self == .overBudget ? "over budget" : rawValue }
}
