// PPO: the clipped policy gradient with an advantage for every token, from a learned value function
// (Schulman et al., 1707.06347; for language models Ziegler et al., 1909.08593).
//
// State s_t = prompt and y_<t, action y_t. A_t by generalized advantage estimation over the tokens of the
// response, or from a group's rewards (`rloo`), or from the rewards of sampled continuations (`mc`).
// Difference from TRL: the score belongs to the last token, TRL puts it behind the end token. From verl and
// OpenRLHF: denominators are those of a whole minibatch, so the result does not depend on how it is cut
// into chunks.
// Here alone: `space` pre-train differentiates log π(y_t|n, y_<t) with the same advantages.
import StrictJSON
import Tasks

/// An advantage for every token.
public struct PPO: Algorithm {
  public static let name = "ppo"
  public static let presets: [Preset] = [.matched, .trl, .openrlhf, .verl, .vapo]

  /// Where advantages come from.
  public enum Estimator: String, Sendable, CaseIterable {
    /// Generalized advantage estimation with a critic.
    case gae
    /// Reward minus the mean of the group's others: no critic (Ahmadian et al., 2402.14740).
    case leaveOneOut = "rloo"
    /// Mean rewards of continuations from the states between steps: no critic (Kazemnejad et al., VinePPO,
    /// 2410.01679).
    case continuations = "mc"
  }

  public var space: Space
  public var estimator: Estimator
  /// γ
  public var discount: Double
  /// λ of the policy's advantages.
  public var lambda: Double
  /// λ of the critic's returns.
  public var criticLambda: Double
  /// α of a λ that grows with the response's length, in place of `lambda`.
  public var lengthAdaptiveAlpha: Double?
  public var whitening: Whitening
  /// Parts of a batch, each with an update of its own.
  public var minibatches: Int
  /// Continuations from each state, and the tokens between states where the task knows no steps.
  public var continuations: ContinuationValues
  public var rewards: TokenRewards
  public var critic: CriticSettings
  public var loss: LossSettings
  /// The critic's rate over the policy's where `critic.learning_rate` is not given.
  let criticRateRatio: Double

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    let preset = run.preset
    let isVAPO = preset == .vapo
    space = try reader.optionalChoice("space") ?? .postTrain
    estimator = try reader.optionalChoice("advantages") ?? .gae
    discount = try reader.optionalDouble("gamma", in: 0...1) ?? 1
    let isOne = preset == .openrlhf || preset == .verl
    lambda = try reader.optionalDouble("lam", in: 0...1) ?? (isOne ? 1 : 0.95)
    criticLambda = try reader.optionalDouble("lam_critic", in: 0...1) ?? (isVAPO ? 1 : lambda)
    let isGiven = reader.contains("length_adaptive_alpha")
    let alpha = try reader.optionalDouble("length_adaptive_alpha", in: 1e-6...1e6)
    lengthAdaptiveAlpha = isGiven ? alpha : isVAPO ? 0.05 : nil
    whitening =
      try reader.optionalChoice("whiten") ?? (preset == .matched ? Whitening.none : .shiftAndScale)
    minibatches =
      try reader.optionalInt("minibatches", in: 1...65_536) ?? (preset == .verl ? 4 : 1)
    continuations = try ContinuationValues(reading: &reader, estimator)
    rewards = try TokenRewards(reading: &reader, preset)
    critic = try CriticSettings(reading: &reader, preset)
    criticRateRatio = preset == .openrlhf ? 9 : preset == .verl ? 10 : 1
    loss = try LossSettings(reading: &reader, for: run, PenalizedSurrogate.self)
    try refuseWhatHasNoEffect(reader)
  }

  /// Refuses settings that an estimator without a critic would not follow.
  private func refuseWhatHasNoEffect(_ reader: JSONReader) throws(JSONValueError) {
    guard estimator != .gae else { return }
    let name = JSON.string(estimator.rawValue).text()
    func fault(_ key: String, _ expected: String) -> JSONValueError {
      JSONValueError(
        path: reader.path(of: key), message: "with advantages \(name) (expected \(expected))")
    }
    if discount != 1 { throw fault("gamma", "1: their returns are not discounted") }
    if rewards.truncation == .bootstrap {
      throw fault("truncation", "\"terminal\" or \"penalty\": there is no critic")
    }
    // V of a continuation is its mean score.
    guard estimator == .continuations else { return }
    if rewards.penalty > 0 { throw fault("kl_coef", "0: continuations have the score alone") }
    if rewards.placement != .end {
      throw fault("reward", "the placement \"end\": continuations have the score alone")
    }
  }

  public var usesSteps: Bool { rewards.placement != .end }
  public var continuesResponses: Bool { estimator == .continuations }
  public var usesGroupBaseline: Bool { estimator == .leaveOneOut }
  public var usesReference: Bool { rewards.penalty > 0 || loss.loss.usesReference }

  public var json: JSONObject {
    var object: JSONObject = [
      "space": .string(space.rawValue), "advantages": .string(estimator.rawValue),
      "gamma": .real(discount), "lam": .real(lambda), "lam_critic": .real(criticLambda),
      "length_adaptive_alpha": lengthAdaptiveAlpha.map { .real($0) } ?? .null,
      "whiten": .string(whitening.rawValue), "minibatches": .integer(minibatches),
    ]
    for (key, value) in continuations.json(estimator).members { object[key] = value }
    for (key, value) in rewards.json.members { object[key] = value }
    object["critic"] = critic.json
    object["loss"] = loss.json
    return object
  }

  public var metrics: [LossMetric] {
    type(of: loss.loss).metrics + ActorCriticMetrics.list(hasCritic: estimator == .gae)
  }

  /// γ and λ of the policy's advantages of a response.
  func advantageEstimation(length: Int) -> GeneralizedAdvantage {
    GeneralizedAdvantage(
      discount: discount,
      lambda: lengthAdaptiveAlpha.map {
        GeneralizedAdvantage.lengthAdaptiveLambda(alpha: $0, length: length)
      } ?? lambda)
  }

  /// The objective without a critic, V = 0, and without a reference: that of the first step after a
  /// head that is 0.
  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    let rollouts = groups.flatMap(\.rollouts)
    let isOwn =
      rollouts.contains { $0.isOwn != nil }
      ? rollouts.map { $0.isOwn ?? $0.response.map { _ in true } } : nil
    let advantages = rollouts.map { rollout in
      var rewards = [Double](repeating: 0, count: rollout.response.count)
      rewards[rewards.count - 1] = self.rewards.score(of: rollout)
      return advantageEstimation(length: rollout.ownPlaces.count)
        .advantages(rewards: rewards, values: rewards.map { _ in 0 }, isOwn: rollout.isOwn)
    }
    return objective(of: groups, advantages: whitening.whitened(advantages, isOwn: isOwn))
  }

  /// The objective with these advantages.
  func objective(of groups: [RolloutGroup], advantages: [[Double]]) -> PolicyObjective {
    PolicyObjective(groups, space: space, tokenAdvantages: advantages.map { .tokens($0) }, loss)
  }
}

extension PPO: AlgorithmWithLearner {
  var trainedModelCount: Int { estimator == .gae ? 2 : 1 }

  func makeLearner(_ parts: LearnerParts) -> any PolicyLearner {
    ActorCriticLearner(self, parts)
  }
}
