// One pretraining run from its configuration to its folder.
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tables
import Training

/// Runs `Training.Pretraining` and writes what it reports.
struct PretrainingRun {
  let configuration: PretrainingConfiguration
  /// The whole configuration as resolved, for the manifest.
  let json: JSON
  /// Updates to make, at most the configuration's; its schedule stays.
  let steps: Int
  /// States to keep for going on.
  var keep = 1
  var resume = false
  let common: CommonOptions

  /// Steps between the states that a killed run goes on from.
  private static let saveEvery = 250

  /// Trains, writes the folder and returns the summary; nil where there was nothing left to do.
  ///
  /// A run in several goes has the weights of an undisturbed one and its metrics but `step_time`.
  /// - Throws: `CommandFailure.interrupted` after everything up to the last step is written, marked
  ///   as incomplete.
  func run(_ folder: RunFolder) throws -> JSON? {
    var manifest = Manifest(
      config: json, version: Prerl.version, seeds: ["seed": configuration.seed],
      precision: "float32", threads: common.threads, blas: BLAS.version, blasCore: BLAS.core)
    if resume, let earlier = try folder.summaryOfSameRun(manifest), earlier["complete"] == true,
      earlier["step"]?.intValue ?? 0 >= steps
    {
      if !common.quiet { Console.note("\(folder.path) is complete; there is nothing to resume") }
      return nil
    }
    let store = CheckpointStore(
      folder: folder.checkpoints, keep: keep, writeTokenizer: writeTokenizer)
    let pretraining = try pretraining(store)
    try folder.checkSteps(steps, after: pretraining.step)
    try folder.write(manifest)
    let metrics = try StepLog(folder.metricsPath, through: pretraining.step)
    let earlier = try metrics.lines()
    let progress = ProgressBar("pretraining", total: steps, unit: "steps", quiet: common.quiet)
    defer { progress.finish() }

    let start = ContinuousClock.now
    let earlierTokens = earlier.last?["num_tokens"]?.intValue ?? 0
    var tokenCount = earlierTokens
    var recentLosses = earlier.suffix(100).compactMap { $0["loss"]?.doubleValue }
    while pretraining.step < steps, !Interruption.isRequested {
      let stepStart = ContinuousClock.now
      let step = try pretraining.advance()
      let seconds = (ContinuousClock.now - stepStart) / .seconds(1)
      tokenCount += step.tokenCount
      recentLosses = recentLosses.suffix(99) + [step.loss]
      let line: JSON = [
        "step": .integer(step.step), "loss": .real(step.loss), "entropy": .real(step.entropy),
        "grad_norm": .real(step.gradientNorm), "learning_rate": .real(step.learningRate),
        "num_tokens": .integer(tokenCount), "step_time": .real(seconds),
      ]
      try metrics.write(line)
      progress.update(step.step, note: note(step, tokenCount - earlierTokens, since: start))
      if step.step.isMultiple(of: Self.saveEvery), step.step < steps {
        try save(pretraining, metrics, store)
      }
    }
    progress.finish()
    // A whole run has its checkpoint; any other leaves a state to go on from.
    if pretraining.step < configuration.steps { try save(pretraining, metrics, store) }
    try metrics.sync()

    try folder.makeCheckpointFolder()
    try pretraining.model.save(directory: folder.checkpoint)
    try writeTokenizer(to: folder.checkpoint)

    manifest.end = Date()
    try folder.write(manifest)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let summary: JSON = [
      "algorithm": "pretrain", "complete": .bool(pretraining.step == steps),
      "step": .integer(pretraining.step), "steps": .integer(steps),
      // Of the last hundred steps: one step's loss is noisy.
      "loss": .real(recentLosses.reduce(0, +) / Double(recentLosses.count)),
      "num_tokens": .integer(tokenCount), "train_runtime": .real(seconds),
      "tokens_per_second": .real(Double(tokenCount - earlierTokens) / seconds),
      "checkpoint": "checkpoint",
    ]
    try folder.write(summary: summary)
    guard pretraining.step == steps else {
      throw CommandFailure.interrupted(
        "interrupted after \(pretraining.step) of \(steps) steps "
          + "(\(folder.path) holds them, --resume goes on)")
    }
    return summary
  }

  private func writeTokenizer(to path: String) throws {
    try CountdownTokenizer.write(
      to: path, maximumLength: configuration.model.maximumPositions)
  }

  /// The run at its beginning, or at the newest saved state.
  private func pretraining(_ store: CheckpointStore) throws -> Pretraining {
    let pretraining = Pretraining(configuration, threads: common.threads)
    guard resume, let saved = try store.newest() else { return pretraining }
    let next = try saved.count("next_document")
    let model = try saved.model(like: configuration.model)
    try saved.withOptimizer {
      try pretraining.restore(model, optimizer: $0, step: saved.step, nextDocument: next)
    }
    return pretraining
  }

  private func save(
    _ pretraining: Pretraining, _ metrics: StepLog, _ store: CheckpointStore
  ) throws {
    try metrics.sync()
    try store.publish(
      step: pretraining.step, model: pretraining.model,
      state: ["next_document": .integer(pretraining.nextDocument)],
      saveOptimizer: pretraining.saveOptimizer)
  }

  /// Writes the batches of the run, one line a step, as the throughput experiment's PyTorch
  /// script reads them; nothing is trained.
  func dumpBatches(to path: String) throws {
    try AtomicFile.publish(path, overwrite: common.overwrite) { temporary in
      let file = try LineFile(temporary)
      let pretraining = Pretraining(configuration, threads: 1)
      for _ in 0..<steps {
        try Interruption.check()
        let rows = pretraining.nextRows()
        let line: JSON = [
          "rows": .array(
            rows.map { row in .array(row.joined().map { .integer(Int($0)) }) }),
          "document_offsets": .array(
            rows.map { row in
              var offset = 0
              return .array(
                row.map { document in
                  defer { offset += document.count }
                  return .integer(offset)
                })
            }),
        ]
        try file.write(line.text())
      }
      try file.close()
    }
  }

  private func note(
    _ step: Pretraining.StepMetrics, _ tokenCount: Int, since start: ContinuousClock.Instant
  ) -> String {
    let rate = Double(tokenCount) / ((ContinuousClock.now - start) / .seconds(1))
    return "loss \(fixed(step.loss, 3))  \(Int(rate)) tokens/s"
  }
}
