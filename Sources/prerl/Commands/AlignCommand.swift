// `prerl align`: gradient alignment of rollouts under two objectives.
import Analysis
import ArgumentParser
import Foundation
import ModelCore
import Runs
import Statistics
import Tables
import Tasks

struct AlignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "align",
    abstract: "Measure the cosine of the gradients of log P(y) and log P(y|x), with controls.",
    discussion: """
      log P(y) is the log-probability of the response after a null context, by default the start \
      token. Responses are sampled after their prompt. Only the gradient is taken without it.

      --series measures the same rollouts at every checkpoint of a training and joins the results along the \
      steps, in which the folders' names end. Each checkpoint's own result stays in OUTPUT.parts; with \
      --resume those that are finished are not measured again.

      Example: prerl align --rollouts rollouts.jsonl --control all --output alignment.h5
      """)

  @Option(
    help: ArgumentHelp(
      "Read rollouts from this JSONL file (default: sample them from the model first).",
      valueName: "file"))
  var rollouts: String?

  @Option(
    help: ArgumentHelp(
      "Measure the rollouts at every checkpoint folder that this pattern matches, such as 'run/checkpoints/*'.",
      valueName: "pattern"))
  var series: String?

  @Option(help: ArgumentHelp("Write the results to this HDF5 file.", valueName: "file.h5"))
  var output = "alignment.h5"

  @Option(help: ArgumentHelp("Also write the statistics as JSON.", valueName: "file.json"))
  var summary: String?

  @Option(help: ArgumentHelp("Also write the provenance as JSON.", valueName: "file.json"))
  var manifest: String?

  @Option(
    help: ArgumentHelp(
      "Score log P(y) after this null context: \(NullContextArgument.spellings) (default: bos).",
      valueName: "context"))
  var nullContext: String?

  @Option(help: "Combine the token log-probabilities of a response by their mean or sum.")
  var reduction = Reduction.mean

  @Option(
    help: """
      Compute inner products of weight gradients from Gram matrices (gram), from formed gradients \
      (materialized), or by the cheaper of the two for each weight (auto).
      """)
  var method = ProductMethod.auto

  @Option(help: "Compute in float32 (inner products are summed in float64) or in float64.")
  var precision = Precision.float32

  @Option(
    help: """
      With --adapter, take the gradients of the base's weights with the adapter added (base), of the adapter's two \
      factors (adapter), or of both together (both).
      """)
  var gradients = Checkpoint.Differentiated.base

  @Option(
    name: .customLong("control"),
    help: ArgumentHelp(
      "Measure this control, repeatable: \(AlignmentControls.names.joined(separator: ", ")), or all "
        + "(every one except partial-prompt). Default: none.", valueName: "name"))
  var controlNames: [String] = []

  @Option(
    help: ArgumentHelp(
      "Pair at most n evenly spaced rollouts with each other in the control cross.",
      valueName: "n"))
  var crossLimit = 128

  @Option(
    help: ArgumentHelp("Store the full gradients of the first n rollouts.", valueName: "n"))
  var dumpGradients = 0

  @Flag(help: "Store each token's contribution to the inner product.")
  var tokenProducts = false

  @Option(help: ArgumentHelp("Use n bootstrap replicates for the intervals.", valueName: "n"))
  var bootstrap = 2000

  @Option(
    name: .customLong("show"), parsing: .unconditional,
    help: ArgumentHelp(
      "Print text and ids of the first n rollouts as the model sees them, scored tokens between \(SeenPrompt.marks.start) and \(SeenPrompt.marks.end).",
      valueName: "n"))
  var showCount = 0

  @Option(help: ArgumentHelp("Use only the first n rollouts (default: all).", valueName: "n"))
  var limit: Int?

  @Flag(help: "Allow sequences longer than max_position_embeddings.")
  var allowLong = false

  @Option(
    help: ArgumentHelp(
      "Measure only part i of n (i from 0), or auto for the part of this task of a Slurm array; prerl merge joins the parts.",
      valueName: "i/n"),
    transform: parsedShard)
  var shard: Shard?

  @Flag(help: "Add the paper's values to the table, and state what the controls show.")
  var paper = false

  @OptionGroup var resumeOptions: ResumeOptions
  @OptionGroup var rewardOptions: RewardOptions
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var memoryOptions: MemoryOptions

  var common: CommonOptions { CommonOptions(runOptions, weightOptions, memoryOptions) }

  func validate() throws {
    let known = AlignmentControls.names + ["all"]
    for name in controlNames where !known.contains(name) {
      throw ValidationError(
        "--control is \(name) (expected one of: \(known.joined(separator: ", ")))")
    }
    for (name, value, least) in [
      ("cross-limit", crossLimit, 2), ("dump-gradients", dumpGradients, 0),
      ("bootstrap", bootstrap, 100), ("limit", limit ?? 1, 1), ("show", showCount, 0),
    ] where !(least...1 << 24).contains(value) {
      throw ValidationError("--\(name) is \(value) (expected an integer in \(least)...\(1 << 24))")
    }
    _ = try start
    if rollouts != nil,
      sampling.samples != nil || sampling.problems != nil || sampling.numbers != nil
        || sampling.positions
    {
      throw ValidationError(
        "--rollouts and --samples, --problems, --numbers or --positions contradict each other")
    }
    try rewardOptions.check(rollouts)
    if gradients != .base {
      guard common.adapter != nil else {
        throw ValidationError(
          "--gradients is \(gradients.rawValue) without --adapter (expected the folder of an adapter)"
        )
      }
      // A model at initialisation has no adapter, and steps along factors do not move the sum.
      if let control = controlNames.first(where: Self.controlsOfBase.contains) {
        throw ValidationError(
          "--control \(control) with --gradients \(gradients.rawValue) (expected other controls, or --gradients base)"
        )
      }
    }
    guard series != nil else { return }
    guard rollouts != nil else {
      throw ValidationError(
        "--series without --rollouts (expected a file: every checkpoint measures the same rollouts)"
      )
    }
    for (name, isGiven) in [
      ("model", common.model != nil), ("adapter", common.adapter != nil), ("shard", shard != nil),
      ("summary", summary != nil),
      ("manifest", manifest != nil), ("dump-gradients", dumpGradients > 0), ("show", showCount > 0),
      ("paper", paper),
    ] where isGiven {
      throw ValidationError("--\(name) with --series (expected only one)")
    }
  }

  func run() throws {
    KernelComparison.warn(common)
    switch precision {
    case .float32: try run(Float.self)
    case .float64: try run(Double.self)
    }
  }

  private func run<Scalar: ModelScalar>(_ type: Scalar.Type) throws {
    if let series { return try run(type, along: CheckpointSeries(series)) }
    guard let (summary, plan) = try measure(type, common, output: output, try start) else {
      if !common.quiet { Console.note("\(output) is complete; there is nothing to resume") }
      return
    }
    try report(summary, plan)
  }

  /// The controls that measure the base's weights whatever `gradients` says.
  private static let controlsOfBase = ["untrained", "first-order"]

  var start: RunStart { get throws { try resumeOptions.start(common) } }

  /// Measures one checkpoint; nil where the output is finished already.
  func measure<Scalar: ModelScalar>(
    _: Scalar.Type, _ common: CommonOptions, output: String, _ start: RunStart
  ) throws -> (AlignmentSummary, AlignmentPlan)? {
    let checkpoint = try Checkpoint(common)
    let setup = try AlignmentSetup(checkpoint, nullContext: nullContext)
    try common.checkOutputs(
      [output, summary, manifest], inputs: [rollouts, sampling.problems],
      resumes: start == .resuming)
    var inputs = try checkpoint.inputs()
    for (role, path) in [("rollouts", rollouts), ("problems", sampling.problems)] {
      guard let path else { continue }
      inputs.append(
        try Manifest.Input(role: role, path: InputCopy.path(of: path), name: path))
    }
    let configuration = try configuration(setup, inputs)
    let isFinished = try readingResults([output]) {
      try AlignmentFile.isFinished(output, config: configuration.json, start)
    }
    if isFinished { return nil }
    let (rollouts, samplingJournal) = try rollouts(setup, common)
    let plan = AlignmentPlan(
      rollouts: rollouts, options: configuration.options,
      vocabularySize: checkpoint.configuration.vocabularySize)
    try checkpoint.check(plan)
    var run = AlignmentRun<Scalar>(
      plan, model: try checkpoint.model(Scalar.self, differentiating: gradients), output: output,
      manifest: setup.manifest(configuration, inputs: inputs, threads: common.threads))
    run.summaryPath = summary
    run.manifestPath = manifest
    run.shard = shard
    run.dumpedGradients = dumpGradients
    run.threads = common.threads
    run.memoryLimit = common.memoryLimit
    if let text = plan.rollouts.first.flatMap({ setup.seen($0)[0].text }) {
      run.manifest.facts = ["prompt_seen": text]
    }
    try show(plan.rollouts.prefix(showCount), setup)
    for (control, reason) in plan.leftOut {
      Console.note("prerl: warning: control \(control) is left out: \(reason)")
    }
    let memory = run.memory
    let available = Machine.memoryByteCount
    guard memory.total(threads: common.threads) <= available else {
      let fitting = memory.threads(fitting: available)
      throw CommandFailure.machine(
        "\(checkpoint.name): \(common.threads) threads need \(byteSize(Double(memory.total(threads: common.threads)))) "
          + "of memory (this machine has \(byteSize(Double(available)))"
          + (fitting.map { ": --threads \($0) would fit)" } ?? ")"))
    }
    try run.checkMemory()
    switch try run.run(start, quiet: common.quiet) {
    case .finished(let summary):
      try samplingJournal?.remove()
      return (summary, plan)
    case .interrupted(let done):
      throw CommandFailure.interrupted(
        "interrupted after \(done) of \(run.samples.count) rollouts (\(output) holds them, --resume "
          + "goes on)")
    }
  }

  /// Prints what the model sees of some rollouts.
  private func show(_ rollouts: some Sequence<Rollout>, _ setup: AlignmentSetup) throws {
    for line in rollouts.flatMap({ setup.seen($0).flatMap(\.lines) }) {
      // Standard output is one JSON value with --json.
      if common.json { Console.note(line) } else { try Console.print(line) }
    }
  }

  func configuration(
    _ setup: AlignmentSetup, _ inputs: [Manifest.Input]
  ) throws -> AlignmentConfiguration {
    var options = setup.options(seed: common.seed)
    options.reduction = reduction
    options.method = method
    options.controls = AlignmentControls.named(controlNames).map { $0.name }
      .filter { gradients == .base || !Self.controlsOfBase.contains($0) }
    options.tokenProducts = tokenProducts
    options.crossLimit = crossLimit
    options.bootstrapReplicates = bootstrap
    if gradients == .both, options.controls.contains(AdapterUpdates.name) {
      options.adapterLayers =
        try setup.checkpoint.adapter?.layers(of: setup.checkpoint.configuration) ?? []
    }
    var configuration = AlignmentConfiguration(
      model: setup.checkpoint.isEmbedded ? "embedded" : setup.checkpoint.directory,
      options: options, precision: precision)
    configuration.dumpedGradients = dumpGradients
    configuration.limit = limit
    configuration.shard = shard
    configuration.inputHashes = inputs.map(\.hash)
    // Absent where they have no effect, as in the files of versions without them.
    if !common.thinking { configuration.more["thinking"] = false }
    if let date = common.templateDate { configuration.more["template_date"] = .string(date.text) }
    if let key = rewardOptions.reward { configuration.more["reward"] = .string(key) }
    if rollouts == nil { configuration.more["sampling"] = sampling.json }
    if gradients != .base { configuration.more["gradients"] = .string(gradients.rawValue) }
    return configuration
  }

  /// The rollouts of the run: read, or sampled first. The journal keeps those that are sampled until the
  /// results are there.
  func rollouts(
    _ setup: AlignmentSetup, _ common: CommonOptions
  ) throws -> (rollouts: [Rollout], journal: Journal?) {
    if let path = rollouts {
      let rollouts = try setup.rollouts(
        path: path, allowLong: allowLong, limit: limit, rewardKey: rewardOptions.reward)
      return (rollouts, nil)
    }
    let sampling = try RolloutSampling(setup.checkpoint, sampling)
    var journal: Journal?
    let sampled = try sampling.run(common) {
      // The same settings give the same responses, so those of any earlier run are used.
      let start = common.overwrite ? RunStart.overwriting : .resuming
      journal = try sampling.journal(output + ".rollouts", start, common)
      return journal
    }
    let rollouts = limit.map { Array(sampled.prefix($0)) } ?? sampled
    try setup.check(rollouts, "rollouts")
    return (rollouts, journal)
  }

  private func report(_ summary: AlignmentSummary, _ plan: AlignmentPlan) throws {
    if common.json {
      return try Console.print(summary.json.text())
    }
    let report = AlignmentReport(summary, plan: plan)
    try Console.print(report.table(paper: paper))
    for table in report.controlTables { try Console.print("\n" + table) }
    if paper { try Console.print("\n" + report.sentences.joined(separator: "\n")) }
    let clusters = Set(plan.rollouts.map { Array($0.cluster.utf8) }).count
    if let few = fewClustersNote(clusters) { try Console.print("\n" + few) }
    let files = [output, self.summary, manifest].compactMap(\.self)
    try Console.print("\nResults: \(files.joined(separator: ", "))")
  }
}

extension Reduction: ExpressibleByArgument {}
extension ProductMethod: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension Checkpoint.Differentiated: ExpressibleByArgument {}

/// A part as the command line names it.
private func parsedShard(_ argument: String) throws -> Shard {
  if argument == "auto" {
    return try Shard(slurm: ProcessInfo.processInfo.environment) {
      ValidationError($0)
    }
  }
  guard let shard = Shard(argument) else {
    throw ValidationError("expected auto, or i/n with 0 <= i < n, the first part is 0/n")
  }
  return shard
}
