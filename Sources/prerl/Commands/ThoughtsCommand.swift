// `prerl thoughts`: thought statistics of one rollout file, or their change between two.
import ArgumentParser

struct ThoughtsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thoughts",
    abstract: "Count the reflection and transition thoughts of rollouts, with intervals.",
    discussion: """
      A lexicon defines where a thought begins and which words determine its kind. The lexicons \
      are countdown (for the embedded task, and the default there), seal (the default elsewhere), \
      seal-upstream (with the misspelling in SEAL's code), easysteer, understand-r1-zero, or a \
      JSON file of your own.

      Rates are per response, per problem and per 1,000 tokens (per 1,000 words if a file has no \
      token ids). They are also given by correctness and by quarter of length, with the accuracy. \
      Intervals are 95%, over clusters. With a second file, fold changes are printed together with \
      the counts they rest on.

      Where a thought has an answer before it, the table of effects says how often it changed it, and \
      from wrong to right or back. Answers in text are found by their marks, such as \\boxed{} or \
      "answer is"; whether they are right needs an answer column.

      On the embedded task, and with --label-column, the precision and recall of the lexicon are \
      printed, too. A label column is a list in every line of the first file. It has one entry for \
      each thought that the lexicon counts, in order: the name of its kind, or null. --spans \
      writes these thoughts, one line {"id", "thoughts": [{"kind", "start", "end", "phrase"}]} per \
      response, with positions in Unicode code points.

      Example: prerl thoughts before.jsonl after.jsonl --lexicon seal --output thoughts.h5
      """)

  @Argument(
    help: ArgumentHelp(
      "The rollouts as JSONL; with a second file, the base of the fold changes.",
      valueName: "a.jsonl"))
  var first: String

  @Argument(
    help: ArgumentHelp("The rollouts to compare with the first file.", valueName: "b.jsonl"))
  var second: String?

  @Option(
    help: ArgumentHelp(
      "Count by this lexicon (default: countdown for the embedded task, else seal).",
      valueName: "name|file"))
  var lexicon: String?

  @Option(
    help: ArgumentHelp(
      "Also measure the agreement with this lexicon on the first file.", valueName: "name|file"))
  var compareLexicon: String?

  @Option(
    help: ArgumentHelp("Read labels from this key of the first file's lines.", valueName: "name"))
  var labelColumn: String?

  @Option(
    help: ArgumentHelp(
      "Split the token values of this prerl align result, made from the first file, by kind.",
      valueName: "file.h5"))
  var alignment: String?

  @Option(
    help: ArgumentHelp(
      "Write the thoughts of the first file as JSONL.", valueName: "file.jsonl"))
  var spans: String?

  @Option(help: ArgumentHelp("Write the results to this HDF5 file.", valueName: "file.h5"))
  var output: String?

  @Flag(help: "Measure length in words even if a file has token ids.")
  var words = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Use n bootstrap replicates for the intervals.", valueName: "n"))
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
