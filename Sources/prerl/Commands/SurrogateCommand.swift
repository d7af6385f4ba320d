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
      An interval is unbounded where a gradient may be noise alone. With --critic, \
      --continuations or --reward-model the rules stand a second time, with an advantage for each token or \
      with the advantages of the model's rewards; they are compared with RL that has neither.

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

  @Option(help: ArgumentHelp("Also write the numbers as JSON.", valueName: "file.json"))
  var summary: String?

  @Flag(help: "Allow sequences longer than max_position_embeddings.")
  var allowLong = false

  @OptionGroup var advantageOptions: AdvantageOptions
  @OptionGroup var rewardOptions: RewardOptions
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var memoryOptions: MemoryOptions

  var common: CommonOptions { CommonOptions(runOptions, weightOptions, memoryOptions) }

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
    if advantageOptions.continuations != nil, rollouts != nil {
      throw ValidationError(
        "--continuations with --rollouts (expected rollouts that are sampled here, so that continuations are "
          + "sampled and judged like them)")
    }
    try rewardOptions.check(rollouts)
  }

  func run() throws {
    KernelComparison.warn(common)
    let checkpoint = try Checkpoint(common)
    let setup = try AlignmentSetup(checkpoint, nullContext: nullContext)
    try common.checkOutputs(
      [summary], inputs: [rollouts, heldOut, sampling.problems] + advantageOptions.inputs)
    let source = try advantageOptions.source(for: checkpoint, common)
    // Batches of 512 rollouts, as in a step of training by default.
    let sampling =
      rollouts == nil
      ? try RolloutSampling(checkpoint, sampling, builtInSamples: 4096, pool: .both) : nil
    let (training, others) = try pools(setup, sampling)
    let advantages = try source?.advantages(
      of: training, checkpoint, sampling, CountdownTask(self.sampling.variant), common)
    var run = SurrogateRun(
      training, heldOut: others, otherAdvantages: advantages,
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

  /// Rollouts of training and held-out ones: read, or sampled first.
  private func pools(
    _ setup: AlignmentSetup, _ sampling: RolloutSampling?
  ) throws -> ([Rollout], [Rollout]) {
    let all: [Rollout]
    if let rollouts, let heldOut {
      return try setup.pools(
        rollouts, heldOut, allowLong: allowLong, rewardKey: rewardOptions.reward)
    } else if let rollouts {
      all = try setup.rollouts(
        path: rollouts, allowLong: allowLong, rewardKey: rewardOptions.reward)
    } else {
      all = try sampling?.run(common) ?? []
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
