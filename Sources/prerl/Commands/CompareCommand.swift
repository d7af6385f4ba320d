// `prerl compare`: training runs side by side, over seeds.
import ArgumentParser
import Runs
import Training

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the evaluations of training runs, with intervals over seeds.",
    discussion: """
      Runs that differ only in their seed and in the model that they started from are pooled into one \
      row. Where there is one model, intervals are over seeds, on the same held-out problems, and hold \
      for that model. Where there are several, the seeds of each are averaged and intervals are over \
      models. A fold is a value divided by that of the model before training, which is the mean over all \
      runs that started from it; the column "per token" is the fold of transitions per token. "sd" is the \
      standard deviation of the accuracy between seeds, "of seeds" what is left of it without the noise of \
      the evaluations. With --reference differences are paired by model and seed, and p-values are \
      corrected for the number of rows (Holm). The intervals of one run over number sets are in its \
      evaluation.jsonl.

      Example: prerl compare results/runs/dsrl/*-s* --reference grpo
      """)

  @Argument(help: ArgumentHelp("The folders of the training runs.", valueName: "run"))
  var runs: [String]

  @Option(
    help: ArgumentHelp(
      "Add the difference in accuracy to this entry, paired by model and seed.", valueName: "name"))
  var reference: String?

  @Option(
    help: ArgumentHelp(
      "Add the number of seeds per entry that detects this difference in accuracy (a t-test at the "
        + "5% level with 80% power).",
      valueName: "difference"))
  var resolve: Double?

  @Flag(help: "Print a row for every evaluated step, not only for the last.")
  var allSteps = false

  @Option(help: ArgumentHelp("Also write every number as JSON.", valueName: "file.json"))
  var output: String?

  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var overwriteOptions: OverwriteOptions

  var common: CommonOptions {
    CommonOptions(printOptions, overwriteOptions)
  }

  func validate() throws {
    if let resolve, !(resolve > 0 && resolve < 1) {
      throw ValidationError("--resolve is \(resolve) (expected a number between 0 and 1)")
    }
  }

  func run() throws {
    let inputs = runs.flatMap { run in RunComparison.Run.files.map { "\(run)/\($0)" } }
    try common.checkOutputs([output], inputs: inputs)
    let comparison = try RunComparison(runs)
    let reference = try reference.map { try entry(named: $0, of: comparison) }
    let json = comparison.json(reference: reference, resolving: resolve)
    if let output {
      try AtomicFile.publish(json.text(indent: 1) + "\n", to: output, overwrite: common.overwrite)
    }
    try Console.print(
      common.json
        ? json.text(indent: 2)
        : comparison.table(allSteps: allSteps, reference: reference, resolving: resolve))
  }

  private func entry(
    named name: String, of comparison: RunComparison
  ) throws(CommandFailure) -> RunComparison.Entry {
    guard let entry = comparison.entries.first(where: { $0.name == name }) else {
      throw .usage(
        "--reference is \(name) (expected one of: "
          + "\(comparison.entries.map(\.name).joined(separator: ", ")))")
    }
    return entry
  }
}
