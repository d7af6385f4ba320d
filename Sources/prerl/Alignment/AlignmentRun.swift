// One alignment run: from rollouts through the journal to the result file.
import Analysis
import Foundation
import HDF5
import KeyedRandom
import ModelCore
import Runs
import StrictJSON
import Tables
import Tasks

/// What `prerl align` does, in one precision.
struct AlignmentRun<Scalar: ModelScalar> {
  private let command: AlignCommand
  private var common: CommonOptions { command.common }

  init(_ command: AlignCommand) {
    self.command = command
  }

  /// Measures, publishes the files and prints the report.
  func run() throws {
    guard let (summary, plan) = try complete() else { return }
    try report(summary, plan)
  }

  /// Measures and publishes the files; nil if `--resume` found nothing left to do.
  @discardableResult
  func complete() throws -> (AlignmentSummary, AlignmentPlan)? {
    let checkpoint = try Checkpoint(common)
    let context = NullContextArgument(checkpoint)
    let nullContext = try context.resolve(command.nullContext)
    try AtomicFile.check(
      [command.output, command.summary, command.manifest].compactMap(\.self),
      inputs: [command.rollouts, command.sampling.problems].compactMap(\.self),
      overwrite: common.overwrite || command.resume)
    var inputs = try checkpoint.inputs()
    if let path = command.rollouts {
      inputs.append(try Manifest.Input(role: "rollouts", path: path))
    } else if let path = command.sampling.problems {
      inputs.append(try Manifest.Input(role: "problems", path: path))
    }
    let configuration = configuration(checkpoint, nullContext, inputs)
    if try isFinished(configuration) { return nil }

    let rollouts = try rollouts(checkpoint, nullContext)
    let model = try checkpoint.model(Scalar.self)
    var options = AlignmentOptions(
      nullContext: nullContext, reduction: command.reduction, method: command.method,
      controls: command.controls, seed: common.seed, tokenProducts: command.tokenProducts,
      crossLimit: command.crossLimit, bootstrapReplicates: command.bootstrap)
    options.nullContextSweep = context.sweep(without: nullContext)
    options.specialTokens = context.specialTokens
    let plan = AlignmentPlan(
      rollouts: rollouts, options: options, vocabularySize: model.configuration.vocabularySize)
    for (control, reason) in plan.leftOut {
      Console.note("prerl: warning: control \(control.rawValue) is left out: \(reason)")
    }
    let samples = command.shard?.range(of: rollouts.count) ?? 0..<rollouts.count
    guard !samples.isEmpty else {
      throw CommandFailure.usage(
        "--shard \(command.shard?.description ?? ""): this part has no rollouts (expected at most "
          + "\((rollouts.count + Shard.block - 1) / Shard.block) parts of \(rollouts.count) rollouts)"
      )
    }
    try requireMemory(
      Double(FileControls.batchVectorBytes(plan, model)), for: "--control update or first-order")

    var manifest = Manifest(
      config: configuration, version: Prerl.version, inputs: inputs, seeds: ["seed": common.seed],
      precision: command.precision.rawValue, threads: common.threads, blas: BLAS.version,
      blasCore: BLAS.core)
    let journal = try Journal(
      path: Journal.path(for: command.output), header: configuration,
      mode: command.resume ? .resume : common.overwrite ? .overwrite : .create)
    let isComplete = try measure(plan, model, samples, journal)
    manifest.end = Date()
    let summary = try publish(plan, model, samples, journal, manifest, isComplete: isComplete)
    guard isComplete else {
      try journal.close()
      throw CommandFailure.interrupted(
        "interrupted after \(min(journal.count, samples.count)) of \(samples.count) rollouts "
          + "(\(command.output) holds them, --resume goes on)")
    }
    try journal.remove()
    return (summary, plan)
  }

  // MARK: - Before the run

  /// What the numbers depend on; `threads` is not part of it.
  private func configuration(
    _ checkpoint: Checkpoint, _ nullContext: NullContext, _ inputs: [Manifest.Input]
  ) -> JSON {
    var object: JSONObject = [
      "command": "align",
      "model": .string(checkpoint.isEmbedded ? "embedded" : checkpoint.directory),
      "seed": .integer(Int(common.seed)),
      "null_context": .string(nullContext.name),
      "null_context_ids": .array(nullContext.tokens.map { .integer(Int($0)) }),
      "reduction": .string(command.reduction.rawValue),
      "method": .string(command.method.rawValue),
      "precision": .string(command.precision.rawValue),
      "controls": .array(command.controls.map { .string($0.rawValue) }),
      "cross_limit": .integer(command.crossLimit),
      "dump_gradients": .integer(command.dumpGradients),
      "token_products": .bool(command.tokenProducts),
      "bootstrap": .integer(command.bootstrap),
      "limit": command.limit.map { .integer($0) } ?? .null,
      "shard": command.shard.map { .string($0.description) } ?? .null,
      "input_sha256": .array(inputs.map { .string($0.hash) }),
    ]
    // Absent where it is on, as in the files of versions without it.
    if !common.thinking { object["thinking"] = false }
    if command.rollouts == nil {
      let sampling = command.sampling
      var settings: JSONObject = [
        "samples": sampling.samples.map { .integer($0) } ?? .null,
        "per_problem": sampling.perProblem.map { .integer($0) } ?? .null,
        "max_new_tokens": sampling.maxNewTokens.map { .integer($0) } ?? .null,
        "temperature": .real(sampling.temperature),
      ]
      // Absent where it is not given, as in the files of versions without it.
      if let numbers = sampling.numbers { settings["numbers"] = .integer(numbers) }
      object["sampling"] = .object(settings)
    }
    return .object(object)
  }

  /// Checks the output before anything is computed; true if `--resume` finds the run finished.
  private func isFinished(_ configuration: JSON) throws -> Bool {
    let output = command.output
    let journal = Journal.path(for: output)
    let hasJournal = FileManager.default.fileExists(atPath: journal)
    guard command.resume else {
      if hasJournal, !common.overwrite {
        throw CommandFailure.usage(
          "\(journal): an interrupted run left its journal (--resume goes on with it, --overwrite "
            + "starts afresh)")
      }
      return false
    }
    guard !hasJournal, FileManager.default.fileExists(atPath: output) else { return false }
    let attributes = try HDF5File.open(output).root.attributes
    func text(_ name: String) -> String? {
      guard case .string(let text)? = try? attributes.value(name) else { return nil }
      return text
    }
    guard text("schema") == AlignmentFile.schema, let stored = text("config"),
      let finished = try? JSON.parse(stored),
      case .integer(let complete)? = try? attributes.value("complete")
    else {
      throw CommandFailure.usage(
        "\(output): is no alignment result (expected the output of the run to go on with)")
    }
    if let key = Self.firstDifference(configuration, finished) {
      throw CommandFailure.usage(
        "\(output): was made with another value of \(key) (expected the same configuration to resume)"
      )
    }
    guard complete == 1 else {
      throw CommandFailure.usage(
        "\(output): is incomplete and its journal is gone (--overwrite starts afresh)")
    }
    if !common.quiet { Console.note("\(output) is complete; there is nothing to resume") }
    return true
  }

  /// The first key in which two configurations differ.
  private static func firstDifference(_ one: JSON, _ other: JSON) -> String? {
    let (one, other) = (one.objectValue ?? [:], other.objectValue ?? [:])
    return (one.keys + other.keys).first { one[$0] != other[$0] }
  }

  /// The rollouts of the run: read, or sampled first.
  private func rollouts(
    _ checkpoint: Checkpoint, _ nullContext: NullContext
  ) throws -> [Rollout] {
    let rollouts: [Rollout]
    if let path = command.rollouts {
      let maximum = checkpoint.configuration.maximumPositions
      rollouts = try RolloutReader.read(
        path: path,
        options: RolloutReader.Options(
          vocabularySize: checkpoint.configuration.vocabularySize,
          maximumLength: command.allowLong ? nil : maximum, limit: command.limit,
          encoder: TextEncoder(checkpoint: checkpoint)))
    } else {
      let sampled = try RolloutSampling(checkpoint, command.sampling).run(common)
      rollouts = command.limit.map { Array(sampled.prefix($0)) } ?? sampled
    }
    if nullContext.tokens.isEmpty,
      let short = rollouts.first(where: { $0.responseTokens.count < 2 })
    {
      throw CommandFailure.usage(
        "\(command.rollouts ?? "rollouts"): rollout \(short.id) has one response token, which is "
          + "not scored without a context (expected another --null-context)")
    }
    return rollouts
  }

  // MARK: - The run

  /// Fills the journal; false if it was interrupted.
  private func measure(
    _ plan: AlignmentPlan, _ model: Transformer<Scalar>, _ samples: Range<Int>, _ journal: Journal
  ) throws -> Bool {
    let untrained: Transformer<Scalar>? =
      plan.controls.contains(.untrained) ? Transformer(model.configuration) : nil
    untrained?.initialize(RandomKey(seed: common.seed).derive("untrained"))
    let first = samples.lowerBound + min(journal.count, samples.count)
    let progress = Progress("aligning", total: samples.count, unit: "rollouts", quiet: common.quiet)
    defer { progress.finish() }
    let next = try forEachInOrder(
      first..<samples.upperBound, threads: common.threads,
      shouldStop: { Interruption.isRequested },
      makeWorker: { SampleAligner(plan: plan, model: model, untrained: untrained) },
      body: { aligner, index in AlignmentRecord.sample(aligner.measure(index)).bytes },
      consume: { index, bytes in
        try journal.append(bytes)
        progress.update(index + 1 - samples.lowerBound)
      })
    progress.finish()
    try journal.sync()
    guard next == samples.upperBound else { return false }
    guard needsFileControls(plan), journal.count == samples.count else { return true }

    let stages = Progress("controls over all rollouts", total: 100, unit: "%", quiet: common.quiet)
    defer { stages.finish() }
    guard
      let controls = try FileControls.measure(
        plan, model: model, threads: common.threads, shouldStop: { Interruption.isRequested },
        progress: { stages.update(Int(100 * $1), note: $0) })
    else { return false }
    try journal.append(AlignmentRecord.fileControls(controls).bytes)
    try journal.sync()
    return true
  }

  /// The controls over all rollouts belong to the whole run, or to its first part.
  private func needsFileControls(_ plan: AlignmentPlan) -> Bool {
    FileControls.isNeeded(plan) && (command.shard?.index ?? 0) == 0
  }

  private func publish(
    _ plan: AlignmentPlan, _ model: Transformer<Scalar>, _ samples: Range<Int>, _ journal: Journal,
    _ manifest: Manifest, isComplete: Bool
  ) throws -> AlignmentSummary {
    let present = samples.prefix(min(journal.count, samples.count))
    let groups = model.layout.groups
    let fileControls =
      journal.count > samples.count
      ? try AlignmentRecord.fileControls(bytes: journal.record(at: samples.count), plan: plan)
      : FileControls()
    let file = AlignmentFile(
      plan: plan, groups: groups,
      precision: command.precision,
      samples: present.startIndex..<present.endIndex, shard: command.shard, isComplete: isComplete,
      attributes: manifest.attributes)
    var summary: AlignmentSummary?
    let dumped = present.prefix { $0 < command.dumpGradients }
    try AtomicFile.publish(command.output, overwrite: true) { temporary in
      summary = try file.write(
        to: temporary, fileControls: fileControls,
        record: { index in
          try AlignmentRecord.sample(
            index, bytes: journal.record(at: index - samples.lowerBound), plan: plan,
            groupCount: groups.count)
        },
        gradients: dumped.isEmpty
          ? nil
          : { group in
            try GradientDump(plan: plan, model: model).write(Array(dumped), to: group)
          })
    }
    guard let summary else { throw CommandFailure.machine("\(command.output): was not written") }
    if let path = command.summary {
      try AtomicFile.publish(
        summary.json(plan).text(indent: 2) + "\n", to: path, overwrite: true)
    }
    if let path = command.manifest {
      try AtomicFile.publish(manifest.json.text(indent: 2) + "\n", to: path, overwrite: true)
    }
    return summary
  }

  // MARK: - After the run

  private func report(_ summary: AlignmentSummary, _ plan: AlignmentPlan) throws {
    if common.json {
      return try Console.print(summary.json(plan).text())
    }
    let report = AlignmentReport(summary, plan: plan)
    try Console.print(report.table(paper: command.paper))
    if let updates = report.updateTable { try Console.print("\n" + updates) }
    if command.paper {
      try Console.print("\n" + report.sentences.joined(separator: "\n"))
    }
    let clusters = Set(plan.rollouts.map { Array($0.cluster.utf8) }).count
    if let few = fewClustersNote(clusters) { try Console.print("\n" + few) }
    let files = [command.output, command.summary, command.manifest].compactMap(\.self)
    try Console.print("\nResults: \(files.joined(separator: ", "))")
  }
}
