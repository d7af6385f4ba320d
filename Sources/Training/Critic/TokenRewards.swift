// r_t: what each token of a response earns.
//
//   r_t = −β k(log π_t − log π_ref,t) + (step rewards or shaping) + score at the last token
//
// The score is that of the last token, also where it is the end token. (TRL puts it behind the end token,
// where no action earns it.)
import StrictJSON
import Tasks

/// How scores and penalties become rewards of tokens.
public struct TokenRewards: Sendable, Hashable {
  /// What there is beside the score at the end.
  public enum Placement: String, Sendable, CaseIterable {
    /// Nothing.
    case end
    /// `stepWeight` at the last token of every right step of the task. It changes what is optimal: more
    /// steps earn more.
    case step
    /// γ Φ(s_{t+1}) − Φ(s_t) with the task's potential Φ times `stepWeight`, 0 behind the last token. It
    /// leaves the optimal policy as it is (Ng, Harada and Russell, ICML 1999).
    case potential
  }

  /// What a response that reached its token limit is worth behind its last token.
  public enum Truncation: String, Sendable, CaseIterable {
    /// Nothing, as if it had ended.
    case terminal
    /// What the critic says of the state after its last token.
    case bootstrap
    /// Nothing, and its score is lowered by `missing_eos_penalty`.
    case penalty
  }

  public var placement = Placement.end
  public var stepWeight = 0.1
  /// β of the penalty in the reward, at least 0; 0 needs no reference.
  public var penalty: Double
  public var estimator = KLEstimator.k1
  public var truncation = Truncation.terminal
  public var missingEndPenalty = 1.0
  /// Scores are cut to ± this; nil for no limit.
  public var limit: Double?

  /// Reads `kl_coef`, `kl_estimator`, `truncation`, `missing_eos_penalty` and the object `reward` with
  /// `placement`, `step_weight` and `clip`.
  ///
  /// - Throws: `JSONValueError` naming an unknown or out-of-range key.
  init(reading reader: inout JSONReader, _ preset: Preset) throws(JSONValueError) {
    penalty = preset == .trl ? 0.05 : preset == .openrlhf ? 0.01 : 0
    limit = preset == .openrlhf ? 10 : nil
    penalty = try reader.optionalDouble("kl_coef", in: 0...1e6) ?? penalty
    estimator = try reader.optionalChoice("kl_estimator") ?? estimator
    truncation = try reader.optionalChoice("truncation") ?? truncation
    if truncation == .penalty {
      missingEndPenalty =
        try reader.optionalDouble("missing_eos_penalty", in: 0...1e6) ?? missingEndPenalty
    } else {
      try reader.refuse(["missing_eos_penalty"], without: "truncation \"penalty\"")
    }
    guard var reward = try reader.optionalObject("reward") else { return }
    placement = try reward.optionalChoice("placement") ?? placement
    if placement != .end {
      stepWeight = try reward.optionalDouble("step_weight", in: 0...1e6) ?? stepWeight
    } else {
      try reward.refuse(["step_weight"], without: "placement \"step\" or \"potential\"")
    }
    let isGiven = reward.contains("clip")
    let cut = try reward.optionalDouble("clip", in: 1e-12...1e12)
    if isGiven { limit = cut }  // null takes the preset's limit away
    try reward.finish()
  }

  /// The keys as they are read.
  var json: JSONObject {
    var reward: JSONObject = [
      "placement": .string(placement.rawValue), "clip": limit.map { .real($0) } ?? .null,
    ]
    if placement != .end { reward["step_weight"] = .real(stepWeight) }
    var object: JSONObject = [
      "kl_coef": .real(penalty), "kl_estimator": .string(estimator.rawValue),
      "truncation": .string(truncation.rawValue), "reward": .object(reward),
    ]
    if truncation == .penalty { object["missing_eos_penalty"] = .real(missingEndPenalty) }
    return object
  }

  /// r_t of a response that is not empty.
  ///
  /// - Parameters:
  ///   - logRatios: log π_t − log π_ref,t of its tokens; empty without a penalty.
  ///   - steps: The task's steps of the response; nil where the task knows none.
  ///   - discount: γ, for the shaping.
  package func rewards(
    of rollout: RewardedRollout, logRatios: [Double], steps: [ResponseStep]?, discount: Double
  ) -> [Double] {
    let count = rollout.response.count
    var rewards = [Double](repeating: 0, count: count)
    if penalty > 0 {
      for t in rewards.indices { rewards[t] = -penalty * estimator.value(logRatios[t]) }
    }
    rewards[count - 1] += score(of: rollout)
    switch placement {
    case .end: break
    case .step:
      for step in steps ?? [] where step.isRight { rewards[step.end - 1] += stepWeight }
    case .potential:
      let potentials = ResponseStep.potentials(steps ?? [], tokenCount: count)
      // A critic's value of the state behind a response that was cut off is one of shaped rewards.
      let last = truncation == .bootstrap && !rollout.ended ? steps?.last?.potential ?? 0 : 0
      for t in rewards.indices {
        let next = t + 1 < count ? potentials[t + 1] : last
        rewards[t] += stepWeight * (discount * next - potentials[t])
      }
    }
    return rewards
  }

  /// The score of a response as its last token earns it.
  package func score(of rollout: RewardedRollout) -> Double {
    let score =
      rollout.reward - (truncation == .penalty && !rollout.ended ? missingEndPenalty : 0)
    return limit.map { min(max(score, -$0), $0) } ?? score
  }
}
