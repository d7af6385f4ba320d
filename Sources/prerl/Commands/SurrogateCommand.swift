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
      Needs scored rollouts, several per prompt, from at least eight independent units (clusters, by \
      default problems). The gain is predicted to first order: without noise and at this batch size, \
      for plain gradient steps and in Adam's metric. The noise ceiling is the fraction of a batch \
      gradient's squared norm that reproduces in another batch. An interval is unbounded where \
      a gradient may be noise alone.

      Example: prerl surrogate --model DIR --rollouts rollouts.jsonl
      """)

  @Option(
    help: ArgumentHelp(
      "Read scored rollouts from this JSONL file (default: sample them from the model first).",
      valueName: "file"))
  var rollouts: String?

  @Option(
    help: ArgumentHelp(
      "Score log P(y) after this null context: \(NullContextArgument.spellings) (default: bos).",
      valueName: "context"))
  var nullContext: String?

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
    {
      throw ValidationError(
        "--rollouts and --samples, --problems or --numbers contradict each other")
    }
    try rewardOptions.check(rollouts)
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    let setup = try AlignmentSetup(checkpoint, nullContext: nullContext)
    try common.checkOutputs([summary], inputs: [rollouts, sampling.problems])
    let sampled =
      try rollouts.map {
        try setup.rollouts(path: $0, allowLong: allowLong, rewardKey: rewardOptions.reward)
      }
      ?? RolloutSampling(checkpoint, sampling).run(common)
    try setup.check(sampled, rollouts ?? "sampled rollouts")
    var run = SurrogateRun(
      sampled, options: setup.options(seed: common.seed), model: try checkpoint.model(Float.self))
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
}
