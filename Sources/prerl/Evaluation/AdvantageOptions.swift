// `--critic`, `--lam`, `--continuations` and `--reward-model` of `prerl surrogate`: further advantages of rollouts.
import Analysis
import ArgumentParser
import ModelCore
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

  /// The advantages that the options ask for; nil for none.
  ///
  /// - Parameter task: Judges continuations; nil where nothing can.
  func advantages(
    of rollouts: [Rollout], _ checkpoint: Checkpoint, _ task: (any PolicyTask)?,
    _ common: CommonOptions
  ) throws -> OtherAdvantages? {
    if let critic {
      return OtherAdvantages(ofTokens: try byCritic(critic, rollouts, common))
    }
    if let continuations {
      guard let task else {
        throw CommandFailure.usage(
          "--continuations with \(checkpoint.name) (expected a model of the built-in problems, whose "
            + "continuations can be judged)")
      }
      return OtherAdvantages(
        ofTokens: try Self.byContinuations(
          ContinuationValues(count: continuations), rollouts, checkpoint, task, common))
    }
    guard let rewardModel else { return nil }
    let scoring = try RewardScoring(rewardModel, common)
    try scoring.requireTokens(of: checkpoint)
    let scored = try scoring.scored(rollouts, of: checkpoint, kept: "nothing was written")
    return OtherAdvantages(of: rollouts, rewards: scored.map { $0.reward ?? .nan })
  }

  private func byCritic(
    _ critic: String, _ rollouts: [Rollout], _ common: CommonOptions
  ) throws -> [[Double]] {
    let values = try CriticOptions.function(critic, reading: rollouts).values(
      rollouts.map { ScoredSequence(context: $0.promptTokens, response: $0.responseTokens) },
      threads: common.threads)
    let estimator = GeneralizedAdvantage(lambda: lam ?? 0.95)
    return zip(rollouts, values).map {
      estimator.advantages(rewards: $0.rewardsOfTokens, values: $1)
    }
  }

  private static func byContinuations(
    _ continuations: ContinuationValues, _ rollouts: [Rollout], _ checkpoint: Checkpoint,
    _ task: any PolicyTask, _ common: CommonOptions
  ) throws -> [[Double]] {
    let model = try checkpoint.model(Float.self)
    let responses = rollouts.map { TaskResponse(of: $0) }
    let states = responses.map { continuations.states($0, of: task) }
    let longest = rollouts.map(\.promptTokens.count).max() ?? 0
    let options = SamplingOptions(
      maximumNewTokens: CountdownVariant.contextLength - longest, temperature: 1,
      endTokens: model.configuration.eosTokens.map { Int32($0) })
    let values: [[Double]]
    do {
      values = try continuations.values(
        of: responses, states: states, task: task, model: model, options: options,
        key: common.key.derive("continuations"), threads: common.threads,
        shouldStop: { Interruption.isRequested }, score: \.reward)
    } catch is CancellationError {
      throw CommandFailure.interrupted("interrupted (nothing was written)")
    }
    return rollouts.indices.map {
      ContinuationValues.advantages(
        rewards: rollouts[$0].rewardsOfTokens, states: states[$0], values: values[$0])
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
