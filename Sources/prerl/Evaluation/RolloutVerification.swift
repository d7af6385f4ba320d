// Gives rollouts the rewards of a verifier and keeps what it found.
import StrictJSON
import Tasks

/// Rollouts with the rewards that count, and how they came by them.
struct RolloutVerification {
  /// The rollouts, every one with a reward.
  private(set) var rollouts: [Rollout]
  /// How messages call the verifier: `built-in`, or the command.
  let verifier: String
  /// What the built-in verifier found; nil for rollouts that it was not asked about.
  private(set) var builtIn: [Verification?]
  /// What the user's verifier found, where there is one.
  private(set) var external: [Verification]?
  /// The places of the rollouts that were verified rather than taken at their file's word.
  private(set) var verified: [Int]

  /// Verifies what needs it.
  ///
  /// - Parameters:
  ///   - path: the rollouts' file, for errors; nil for sampled ones.
  ///   - external: a verifier that is used for all rollouts instead of the built-in one.
  ///   - again: whether rewards that are there are replaced.
  ///   - everywhere: whether the built-in verifier looks at all rollouts, for an audit.
  init(
    _ rollouts: [Rollout], path: String?, checkpoint: Checkpoint, external: ExternalVerifier?,
    again: Bool, everywhere: Bool
  ) throws {
    self.rollouts = rollouts
    verifier = external?.command ?? "built-in"
    verified = rollouts.indices.filter { external != nil || again || rollouts[$0].reward == nil }
    let judge = BuiltInVerifier(checkpoint)
    builtIn = Array(repeating: nil, count: rollouts.count)
    for place in everywhere ? Array(rollouts.indices) : external == nil ? verified : [] {
      try Interruption.check()
      builtIn[place] = try judge.verify(rollouts[place])
    }
    if let external {
      let samples = try rollouts.enumerated().map { index, rollout in
        guard let response = judge.text(of: rollout) else {
          throw Self.fault(
            "no response of text (expected one to verify)", path, index, checkpoint)
        }
        return VerificationSample(id: rollout.id, response: response, answer: rollout.answer)
      }
      do {
        self.external = try external.verify(samples, shouldStop: { Interruption.isRequested })
      } catch is CancellationError {
        throw CommandFailure.interrupted("interrupted while verifying (nothing was written)")
      }
    }
    for place in verified {
      guard let found = self.external?[place] ?? builtIn[place] else {
        let missing =
          rollouts[place].reward == nil ? "reward (expected a number, or an" : "answer (expected an"
        throw Self.fault(
          "no \(missing) answer to verify the response against)", path, place, checkpoint)
      }
      self.rollouts[place].reward = found.reward
    }
  }

  /// Every line up to the last rollout holds one, so a rollout's place is its line.
  private static func fault(
    _ message: String, _ path: String?, _ place: Int, _ checkpoint: Checkpoint
  ) -> any Error {
    if let path { return TaskFileError(message, path: path, line: place + 1) }
    return CommandFailure.usage("\(checkpoint.name): sampled rollout \(place + 1): \(message)")
  }

  // MARK: - Report

  /// The number of verified rollouts by outcome; empty where the file's rewards were taken.
  var outcomes: [(outcome: VerificationOutcome, count: Int)] {
    if verified.isEmpty { return [] }
    let found = verified.compactMap { external?[$0] ?? builtIn[$0] }
    return VerificationOutcome.allCases.map { outcome in
      (outcome, found.count { $0.outcome == outcome })
    }
  }

  /// The keys that `evaluate --json` adds; none where nothing was verified.
  var members: [(String, JSON)] {
    if verified.isEmpty { return [] }
    var counts = JSONObject()
    for (outcome, count) in outcomes { counts[outcome.rawValue] = .integer(count) }
    return [("verifier", .string(verifier)), ("outcomes", .object(counts))]
  }

  /// One line with the counts; nil where nothing was verified.
  var text: String? {
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
