// `--critic`, `--lam`, `--continuations` and `--reward-model` of `prerl surrogate`: further advantages of rollouts.
import Analysis
import ArgumentParser
import ModelCore
import StrictJSON
import Tasks
import Training

struct AdvantageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also predict rules that give each token an advantage of its own, by GAE with this critic, a folder with a "
        + "value head such as checkpoints/step-N/critic.", valueName: "dir"))
  var critic: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("λ of these advantages (default: 0.95); γ is 1.", valueName: "x"))
  var lam: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also predict rules that give each step an advantage of its own, by the mean reward of n continuations from "
        + "each state (VinePPO); only for built-in problems.", valueName: "n"))
  var continuations: Int?

  @Option(
    help: ArgumentHelp(
      "Also predict rules that learn from the rewards of this reward model, a folder of a "
        + "…ForSequenceClassification with one label.", valueName: "dir"))
  var rewardModel: String?

  func validate() throws {
    let kinds = [
      ("critic", critic != nil), ("continuations", continuations != nil),
      ("reward-model", rewardModel != nil),
    ].filter(\.1).map { "--\($0.0)" }
    guard kinds.count <= 1 else {
      throw ValidationError(
        "\(kinds.joined(separator: " and ")) (expected one of them: rules have one further kind of "
          + "advantages)")
    }
    for (name, folder) in [("critic", critic), ("reward-model", rewardModel)] where folder == "" {
      throw ValidationError("--\(name) is empty (expected a folder)")
    }
    if let continuations, !(1...4096).contains(continuations) {
      throw ValidationError(
        "--continuations is \(continuations) (expected an integer in 1...4096)")
    }
    if let lam {
      guard critic != nil else {
        throw ValidationError("--lam without --critic (expected the folder of a critic)")
      }
      guard 0...1 ~= lam else {
        throw ValidationError("--lam is \(lam) (expected a number in 0...1)")
      }
    }
  }

  /// The files that are read.
  var inputs: [String] {
    [critic, rewardModel].compactMap(\.self).flatMap { Checkpoint.files(in: $0) }
  }

  /// What gives the advantages, looked at before anything large is done; nil for none.
  func source(for checkpoint: Checkpoint, _ common: CommonOptions) throws -> AdvantageSource? {
    if let critic {
      let lambda = lam ?? 0.95
      return AdvantageSource(
        settings: ["critic": .string(critic), "lam": .real(lambda)],
        kind: .critic(critic, try ValueFunction(directory: critic), lambda: lambda))
    }
    if let continuations {
      try ContinuationValues.requireTask(of: checkpoint)
      return AdvantageSource(
        settings: ["continuations": .integer(continuations)],
        kind: .continuations(ContinuationValues(count: continuations)))
    }
    guard let rewardModel else { return nil }
    let scoring = try RewardScoring(rewardModel, common)
    try scoring.requireTokens(of: checkpoint)
    return AdvantageSource(
      settings: ["reward_model": .string(rewardModel)], kind: .rewardModel(scoring))
  }
}

/// What gives rollouts further advantages.
struct AdvantageSource {
  enum Kind {
    case critic(String, ValueFunction, lambda: Double)
    case continuations(ContinuationValues)
    case rewardModel(RewardScoring)
  }

  /// For the output: what was asked for.
  let settings: JSONObject
  let kind: Kind

  /// The advantages of rollouts.
  ///
  /// - Parameter sampling: How the rollouts were sampled, so that continuations are sampled likewise; nil for those of a
  ///   file, which have no continuations.
  func advantages(
    of rollouts: [Rollout], _ checkpoint: Checkpoint, _ sampling: RolloutSampling?,
    _ task: any PolicyTask, _ common: CommonOptions
  ) throws -> OtherAdvantages {
    switch kind {
    case .critic(let folder, let critic, let lambda):
      try CriticOptions.check(folder, critic, reads: rollouts)
      let values = try critic.values(
        rollouts.map { ScoredSequence(context: $0.promptTokens, response: $0.responseTokens) },
        threads: common.threads)
      let estimator = GeneralizedAdvantage(lambda: lambda)
      return OtherAdvantages(
        ofTokens: zip(rollouts, values).map {
          estimator.advantages(rewards: $0.rewardsOfTokens, values: $1)
        }, settings: settings)
    case .continuations(let continuations):
      guard let sampling else { preconditionFailure("files are refused with the options") }
      let (states, values) = try continuations.values(
        of: rollouts, checkpoint, sampling, task, common)
      return OtherAdvantages(
        ofTokens: rollouts.indices.map {
          ContinuationValues.advantages(
            rewards: rollouts[$0].rewardsOfTokens, states: states[$0],
            values: values[$0].map(\.mean))
        }, settings: settings)
    case .rewardModel(let scoring):
      let scored = try scoring.scored(rollouts, of: checkpoint, kept: "nothing was written")
      return OtherAdvantages(
        of: rollouts, rewards: scored.map { $0.reward ?? .nan }, settings: settings)
    }
  }
}

extension Rollout {
  /// The reward at the last token of the response, and 0 at the others.
  fileprivate var rewardsOfTokens: [Double] {
    var rewards = [Double](repeating: 0, count: responseTokens.count)
    rewards[rewards.count - 1] = reward ?? .nan
    return rewards
  }
}
