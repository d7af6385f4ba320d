// `prerl surrogate`: which update rule promises what, before any training.
import Analysis
import ArgumentParser
import ModelCore
import Runs
import StrictJSON
import Tasks

struct SurrogateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "surrogate",
    abstract: "Predict each update rule's held-out gain relative to RL at equal step length.",
    discussion: """
      Updates are computed from rollouts of problems that would be trained on, and the policy gradient \
      that they are compared with from rollouts of held-out ones. Both need scored rollouts, several per \
      prompt, from at least eight independent units (clusters, by default problems). Without --rollouts \
      4,096 rollouts of built-in problems of training are sampled, and as many of held-out ones; --samples \
      changes both numbers. The gain is \
      predicted to first order: for plain gradient steps without noise and at this batch size, and for \
      Adam's first step on one batch, noise included. The noise ceiling is the fraction of a batch \
      gradient's squared norm that reproduces in another batch; the column "first token" has the \
      fraction that the first tokens of responses make, and the columns after it the gain without them. \
      An interval is unbounded where a gradient may be noise alone. With --critic or --reward-model the rules \
      stand a second time, with an advantage for each token or with the advantages of the model's rewards; \
      they are compared with RL that has neither.

      Example: prerl surrogate --model DIR --rollouts rollouts.jsonl
      """)

  @Option(
    help: ArgumentHelp(
      "Read scored rollouts from this JSONL file (default: sample them from the model first).",
      valueName: "file"))
  var rollouts: String?

  @Option(
    help: ArgumentHelp(
      "Read scored rollouts of held-out problems from this JSONL file (default: hold out those of half "
        + "of the clusters, the same whenever the file is read).", valueName: "file"))
  var heldOut: String?

  @Option(
    help: ArgumentHelp(
      "Score log P(y) after this null context: \(NullContextArgument.spellings) (default: bos).",
      valueName: "context"))
  var nullContext: String?

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
    help: ArgumentHelp(
      "Also predict rules that learn from the rewards of this reward model, a folder of a "
        + "…ForSequenceClassification with one label.", valueName: "dir"))
  var rewardModel: String?

  @Option(help: ArgumentHelp("Also write the numbers as JSON.", valueName: "file.json"))
  var summary: String?

  @Flag(help: "Allow sequences longer than max_position_embeddings.")
  var allowLong = false

  @OptionGroup var rewardOptions: RewardOptions
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions
  @OptionGroup var memoryOptions: MemoryOptions

  var common: CommonOptions { CommonOptions(runOptions, memoryOptions) }

  func validate() throws {
    if rollouts != nil,
      sampling.samples != nil || sampling.problems != nil || sampling.numbers != nil
        || sampling.positions
    {
      throw ValidationError(
        "--rollouts and --samples, --problems, --numbers or --positions contradict each other")
    }
    if heldOut != nil, rollouts == nil {
      throw ValidationError("--held-out without --rollouts (expected both files, or neither)")
    }
    if rewardModel == "" { throw ValidationError("--reward-model is empty (expected a folder)") }
    if critic != nil, rewardModel != nil {
      throw ValidationError(
        "--critic and --reward-model (expected one of them: rules have one further kind of advantages)"
      )
    }
    if critic == "" { throw ValidationError("--critic is empty (expected a folder)") }
    if let lam {
      guard critic != nil else {
        throw ValidationError("--lam without --critic (expected the folder of a critic)")
      }
      guard 0...1 ~= lam else {
        throw ValidationError("--lam is \(lam) (expected a number in 0...1)")
      }
    }
    try rewardOptions.check(rollouts)
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    let setup = try AlignmentSetup(checkpoint, nullContext: nullContext)
    try common.checkOutputs([summary], inputs: [rollouts, heldOut, sampling.problems])
    let (training, others) = try pools(setup)
    var run = SurrogateRun(
      training, heldOut: others, otherAdvantages: try otherAdvantages(training, checkpoint),
      options: setup.options(seed: common.seed),
      model: try checkpoint.model(Float.self))
    run.rolloutsName = rollouts ?? "sampled rollouts"
    run.summaryPath = summary
    run.overwrites = common.overwrite
    run.threads = common.threads
    run.memoryLimit = common.memoryLimit
    try checkpoint.check(run.plan)
    let progress = ProgressBar("measuring updates", total: 100, unit: "%", quiet: common.quiet)
    let outcome = try run.run(
      shouldStop: { Interruption.isRequested },
      progress: { progress.update(Int(100 * $1), note: $0) })
    progress.finish()
    guard case .finished(let prediction) = outcome else {
      throw CommandFailure.interrupted("interrupted (nothing was written)")
    }
    if common.json { return try Console.print(prediction.json.text(indent: 2)) }
    try Console.print(prediction.table + "\n\n" + prediction.conclusion)
  }

  /// The advantages of rollouts by the reward model or the critic; nil without either.
  private func otherAdvantages(
    _ rollouts: [Rollout], _ checkpoint: Checkpoint
  ) throws -> OtherAdvantages? {
    if let rewardModel {
      let scoring = try RewardScoring(rewardModel, common)
      try scoring.requireTokens(of: checkpoint)
      let scored = try scoring.scored(rollouts, of: checkpoint, kept: "nothing was written")
      return OtherAdvantages(of: rollouts, rewards: scored.map { $0.reward ?? .nan })
    }
    guard let critic else { return nil }
    let values = try CriticOptions.function(critic, reading: rollouts).values(
      rollouts.map { ScoredSequence(context: $0.promptTokens, response: $0.responseTokens) },
      threads: common.threads)
    let estimator = GeneralizedAdvantage(lambda: lam ?? 0.95)
    return OtherAdvantages(
      ofTokens: zip(rollouts, values).map { rollout, values in
        var rewards = [Double](repeating: 0, count: values.count)
        rewards[values.count - 1] = rollout.reward ?? .nan
        return estimator.advantages(rewards: rewards, values: values)
      })
  }

  /// Rollouts of training and held-out ones: read, or sampled first.
  private func pools(_ setup: AlignmentSetup) throws -> ([Rollout], [Rollout]) {
    func read(_ path: String) throws -> [Rollout] {
      try setup.rollouts(path: path, allowLong: allowLong, rewardKey: rewardOptions.reward)
    }
    let all: [Rollout]
    if let rollouts {
      all = try read(rollouts)
      if let heldOut {
        let others = try read(heldOut)
        let clusters = Set(all.map { Array($0.cluster.utf8) })
        if let shared = others.first(where: { clusters.contains(Array($0.cluster.utf8)) }) {
          throw CommandFailure.usage(
            "\(heldOut): rollout \(shared.id) has the cluster \(shared.cluster), which \(rollouts) has, "
              + "too (expected clusters that it does not have)")
        }
        return (all, others)
      }
    } else {
      // Batches of 512 rollouts, as in a step of training by default.
      let sampling = try RolloutSampling(
        setup.checkpoint, sampling, builtInSamples: 4096, pool: .both)
      all = try sampling.run(common)
      try setup.check(all, "sampled rollouts")
      if self.sampling.problems == nil {
        return (Array(all[..<(all.count / 2)]), Array(all[(all.count / 2)...]))
      }
    }
    guard let split = ClusterSplit(all, share: 0.5, cluster: \.cluster) else {
      throw CommandFailure.usage(
        "\(rollouts ?? "sampled rollouts"): all belong to one cluster (expected several, to hold out half "
          + "of them)")
    }
    return (split.training, split.heldOut)
  }
}
