// `prerl thoughts`: thought statistics of one rollout file, or their change between two.
import ArgumentParser

struct ThoughtsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thoughts",
    abstract: "Counts reflection and transition thoughts of rollouts, with intervals.",
    discussion: """
      A lexicon says where thoughts begin and which words give them their kind: countdown (the \
      embedded task, the default there), seal (the default elsewhere), seal-upstream (with the \
      misspelling of SEAL's code), easysteer, understand-r1-zero, or a JSON file of your own. \
      Rates are per response, per 1,000 tokens (words, where a file has no token ids) and per \
      problem, by correctness and by quarter of length, with the accuracy beside them; intervals \
      are 95%, over clusters. With a second file: fold changes beside the counts behind them.

      On the embedded task, and with --label-column, precision and recall of the lexicon. A \
      label column is a list in every line with the kind's name or null for each thought that the \
      lexicon counts, in order; --spans lists them: one line {"id", "thoughts": [{"kind", \
      "start", "end", "phrase"}]} a response, places in Unicode code points.

      Example: prerl thoughts before.jsonl after.jsonl --lexicon seal --output thoughts.h5
      """)

  @Argument(
    help: ArgumentHelp("Rollouts as JSONL; the base of fold changes.", valueName: "a.jsonl"))
  var first: String

  @Argument(help: ArgumentHelp("Rollouts to compare with the base.", valueName: "b.jsonl"))
  var second: String?

  @Option(help: ArgumentHelp("The counting rules.", valueName: "name|file"))
  var lexicon: String?

  @Option(
    help: ArgumentHelp(
      "Also the agreement with these rules on the first file.", valueName: "name|file"))
  var compareLexicon: String?

  @Option(help: ArgumentHelp("The key of the first file's labels.", valueName: "name"))
  var labelColumn: String?

  @Option(
    help: ArgumentHelp(
      "An alignment result of the first file's rollouts: its tokens by kind.", valueName: "file.h5")
  )
  var alignment: String?

  @Option(help: ArgumentHelp("The thoughts of the first file, as JSONL.", valueName: "file.jsonl"))
  var spans: String?

  @Option(help: ArgumentHelp("The result file.", valueName: "file.h5"))
  var output: String?

  @Flag(help: "Counts words even where a file has token ids.")
  var words = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Bootstrap replicates of the intervals.", valueName: "n"))
  var bootstrap = 2000

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var seedOptions: SeedOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var overwriteOptions: OverwriteOptions

  var common: CommonOptions {
    CommonOptions(modelOptions, seedOptions, printOptions, progressOptions, overwriteOptions)
  }

  func validate() throws {
    guard 100...1 << 24 ~= bootstrap else {
      throw ValidationError("--bootstrap is \(bootstrap) (expected an integer in 100...\(1 << 24))")
    }
    if labelColumn == "" { throw ValidationError("--label-column is empty (expected a key)") }
  }

  func run() throws {
    try ThoughtRun(command: self).run()
  }
}
