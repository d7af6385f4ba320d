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
    abstract: "Predicts each update rule's held-out gain relative to RL at equal step length.",
    discussion: """
      Needs scored rollouts in groups of one prompt, of at least eight independent units (clusters, \
      by default problems). A rule's gain is first-order, without noise and at this batch size, raw \
      and in Adam's metric; its noise ceiling is the share of a batch vector that is signal; a dash \
      stands where a signal is not told from noise.

      Example: prerl surrogate --model DIR --rollouts rollouts.jsonl
      """)

  @Option(
    help: ArgumentHelp(
      "Scored rollouts as JSONL (default: sample them from the model first).", valueName: "file"))
  var rollouts: String?

  @Option(
    help: ArgumentHelp("\(NullContextArgument.spellings) (default: bos).", valueName: "context"))
  var nullContext: String?

  @Option(help: ArgumentHelp("Also writes the numbers as JSON.", valueName: "file.json"))
  var summary: String?

  @Flag(help: "Takes sequences beyond the model's positions.")
  var allowLong = false

  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions

  var common: CommonOptions { CommonOptions(runOptions) }

  func validate() throws {
    if rollouts != nil,
      sampling.samples != nil || sampling.problems != nil || sampling.numbers != nil
    {
      throw ValidationError(
        "--rollouts and --samples, --problems or --numbers contradict each other")
    }
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    let setup = try AlignmentSetup(checkpoint, nullContext: nullContext)
    try AtomicFile.check(
      [summary].compactMap(\.self), inputs: [rollouts, sampling.problems].compactMap(\.self),
      overwrite: common.overwrite)
    let sampled =
      try rollouts.map { try setup.rollouts(path: $0, allowLong: allowLong) }
      ?? RolloutSampling(checkpoint, sampling).run(common)
    try setup.check(sampled, rollouts ?? "sampled rollouts")
    var run = SurrogateRun(
      sampled, options: setup.options(seed: common.seed), model: try checkpoint.model(Float.self))
    run.rolloutsName = rollouts ?? "sampled rollouts"
    run.summaryPath = summary
    run.overwrites = common.overwrite
    run.threads = common.threads
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
