// `prerl align`: gradient alignment of rollouts under two objectives.
import Analysis
import ArgumentParser
import ModelCore
import Runs

struct AlignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "align",
    abstract: "Measures how gradients of log P(y) and log P(y|x) align, with controls.",
    discussion: """
      log P(y) is the response's log-probability after a null context (the start token unless said \
      otherwise); rollouts are sampled with their prompt and only differentiated without it.

      Example: prerl align --rollouts rollouts.jsonl --control all --output alignment.h5
      """)

  @Option(
    help: ArgumentHelp(
      "Rollouts as JSONL (default: sample them from the model first).", valueName: "file"))
  var rollouts: String?

  @Option(help: ArgumentHelp("The result file.", valueName: "file.h5"))
  var output = "alignment.h5"

  @Option(help: ArgumentHelp("Also writes the statistics as JSON.", valueName: "file.json"))
  var summary: String?

  @Option(help: ArgumentHelp("Also writes the provenance as JSON.", valueName: "file.json"))
  var manifest: String?

  @Option(
    help: ArgumentHelp(
      "\(NullContextArgument.spellings) (default: bos).", valueName: "context"))
  var nullContext: String?

  @Option(help: "How token log-probabilities become one objective: mean or sum.")
  var reduction = Reduction.mean

  @Option(help: "Products of weight gradients: auto, gram or materialized.")
  var method = ProductMethod.auto

  @Option(help: "float32 (sums of products in float64) or float64 throughout.")
  var precision = Precision.float32

  @Option(
    name: .customLong("control"),
    help: ArgumentHelp(
      "A control, repeatable: \(AlignmentControl.allCases.map(\.rawValue).joined(separator: ", ")), "
        + "or all.", valueName: "name"))
  var controlNames: [String] = []

  @Option(
    help: ArgumentHelp(
      "Rollouts in each direction of the cross matrix, evenly spaced.", valueName: "n"))
  var crossLimit = 128

  @Option(
    help: ArgumentHelp("Writes the whole gradients of the first n rollouts.", valueName: "n"))
  var dumpGradients = 0

  @Flag(help: "Adds each token's share of the inner product.")
  var tokenProducts = false

  @Option(help: ArgumentHelp("Bootstrap replicates of the intervals.", valueName: "n"))
  var bootstrap = 2000

  @Option(help: ArgumentHelp("Only the first n rollouts.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Takes sequences beyond the model's positions.")
  var allowLong = false

  @Option(
    help: ArgumentHelp(
      "Only part i of n (i from 0); prerl merge joins the parts.", valueName: "i/n"),
    transform: parsedShard)
  var shard: Shard?

  @Flag(help: "Goes on with an interrupted run of the same output.")
  var resume = false

  @Flag(help: "Adds the paper's values to the table and says what the controls mean for them.")
  var paper = false

  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var common: CommonOptions

  /// The controls in their fixed order.
  var controls: [AlignmentControl] {
    AlignmentControl.allCases.filter {
      controlNames.contains("all") || controlNames.contains($0.rawValue)
    }
  }

  func validate() throws {
    let known = AlignmentControl.allCases.map(\.rawValue) + ["all"]
    for name in controlNames where !known.contains(name) {
      throw ValidationError(
        "--control is \(name) (expected one of: \(known.joined(separator: ", ")))")
    }
    for (name, value, least) in [
      ("cross-limit", crossLimit, 2), ("dump-gradients", dumpGradients, 0),
      ("bootstrap", bootstrap, 100), ("limit", limit ?? 1, 1),
    ] where !(least...1 << 24).contains(value) {
      throw ValidationError("--\(name) is \(value) (expected an integer in \(least)...\(1 << 24))")
    }
    if resume, common.overwrite {
      throw ValidationError("--resume and --overwrite contradict each other")
    }
    if rollouts != nil,
      sampling.samples != nil || sampling.problems != nil || sampling.numbers != nil
    {
      throw ValidationError(
        "--rollouts and --samples, --problems or --numbers contradict each other")
    }
  }

  func run() throws {
    switch precision {
    case .float32: try AlignmentRun<Float>(self).run()
    case .float64: try AlignmentRun<Double>(self).run()
    }
  }
}

extension Reduction: ExpressibleByArgument {}
extension ProductMethod: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// A part as the command line names it.
private func parsedShard(_ argument: String) throws -> Shard {
  guard let shard = Shard(argument) else {
    throw ValidationError("expected i/n with 0 <= i < n, the first part is 0/n")
  }
  return shard
}
