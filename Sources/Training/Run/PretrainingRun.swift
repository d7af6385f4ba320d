// One pretraining run from its configuration to its folder, whole or in several goes.
import Foundation
import ModelCore
import Runs
import StrictJSON

/// A pretraining run that can be started, watched, interrupted and resumed.
///
///     let run = PretrainingRun(configuration, output: "runs/own", manifest: manifest)
///     let outcome = try run.run(.afresh)
///
/// A run in several goes has the weights of an undisturbed one and its metrics but `step_time`.
/// ``Pretraining`` makes the steps.
public struct PretrainingRun {
  public let configuration: PretrainingConfiguration
  /// The run's folder; the one that it lies in must be there. ``RunFolder`` says what is in it.
  public var output: String
  /// Updates to make, at most the configuration's: a run may stop early, and its schedule stays.
  public var steps: Int
  /// States to keep for going on, the newest ones; at least 1.
  public var keptStates = 1
  public var threads = 1
  /// Writes the tokenizer's files into the folder of a checkpoint, whose path it gets.
  public var writeTokenizer: (String) throws -> Void = { _ in }
  /// Gets the fault of a damaged checkpoint in whose place an older one is used.
  public var reportDamage: (OutputError) -> Void = { _ in }
  /// Where the results come from; `config` identifies the run when it is resumed.
  public var manifest: Manifest

  /// Steps between the states that a killed run goes on from.
  private static let saveEvery = 250
  /// Steps whose mean loss the summary has: one step's loss is noisy.
  private static let lossSteps = 100

  /// A run that begins with a random model.
  public init(_ configuration: PretrainingConfiguration, output: String, manifest: Manifest) {
    self.configuration = configuration
    self.output = output
    self.manifest = manifest
    steps = configuration.steps
  }

  /// How the run ended.
  public enum Outcome: Sendable {
    /// All updates that were asked for are made.
    case finished(PretrainingSummary)
    /// The folder holds as many updates already; nothing was done.
    case alreadyFinished
    /// Stopped after so many updates; the folder holds them, marked as incomplete.
    case interrupted(step: Int)
  }

  /// Trains and writes the folder.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked between updates.
  ///   - progress: Gets every update when its line is written, and the tokens per second of wall-clock
  ///     time so far, on the calling thread.
  /// - Throws: `OutputError` for folders that cannot be written or hold another run.
  public func run(
    _ start: RunStart, shouldStop: () -> Bool = { false },
    progress: (Pretraining.StepMetrics, _ tokensPerSecond: Double) -> Void = { _, _ in }
  ) throws -> Outcome {
    precondition((0...configuration.steps).contains(steps), "more steps than the configuration's")
    let folder = try RunFolder(output, start)
    if start == .resuming, let earlier = try folder.summaryOfSameRun(manifest),
      earlier["complete"] == true, earlier["step"]?.intValue ?? 0 >= steps
    {
      return .alreadyFinished
    }
    let store = CheckpointStore(
      folder: folder.checkpoints, keep: keptStates, writeTokenizer: writeTokenizer)
    let pretraining = try pretraining(
      start == .resuming ? store.newest(reporting: reportDamage) : nil)
    try folder.checkSteps(steps, after: pretraining.step)
    var manifest = manifest
    try folder.write(manifest)
    let metrics = try StepLog(folder.metricsPath, through: pretraining.step)
    let earlier = try metrics.lines()

    let clock = ContinuousClock.now
    func seconds() -> Double { (ContinuousClock.now - clock) / .seconds(1) }
    let earlierTokens = earlier.last?["num_tokens"]?.intValue ?? 0
    var tokenCount = earlierTokens
    var recentLosses = earlier.suffix(Self.lossSteps).compactMap { $0["loss"]?.doubleValue }
    while pretraining.step < steps, !shouldStop() {
      let stepClock = ContinuousClock.now
      let step = try pretraining.advance()
      let stepTime = (ContinuousClock.now - stepClock) / .seconds(1)
      tokenCount += step.tokenCount
      recentLosses = recentLosses.suffix(Self.lossSteps - 1) + [step.loss]
      let line: JSON = [
        "step": .integer(step.step), "loss": .real(step.loss), "entropy": .real(step.entropy),
        "grad_norm": .real(step.gradientNorm), "learning_rate": .real(step.learningRate),
        "num_tokens": .integer(tokenCount), "step_time": .real(stepTime),
      ]
      try metrics.write(line)
      progress(step, Double(tokenCount - earlierTokens) / seconds())
      if step.step.isMultiple(of: Self.saveEvery), step.step < steps {
        try save(pretraining, metrics, store)
      }
    }
    // A whole run has its checkpoint; any other leaves a state to go on from.
    if pretraining.step < configuration.steps { try save(pretraining, metrics, store) }
    try metrics.sync()

    try folder.makeCheckpointFolder()
    try pretraining.model.save(directory: folder.checkpoint)
    try writeTokenizer(folder.checkpoint)

    manifest.end = Date()
    try folder.write(manifest)
    let time = seconds()
    let summary = PretrainingSummary(
      isComplete: pretraining.step == steps, step: pretraining.step, steps: steps,
      loss: recentLosses.reduce(0, +) / Double(recentLosses.count), tokenCount: tokenCount,
      seconds: time, tokensPerSecond: Double(tokenCount - earlierTokens) / time)
    try folder.write(summary: summary.json)
    return summary.isComplete ? .finished(summary) : .interrupted(step: pretraining.step)
  }

  /// The run at its beginning, or at a saved state.
  private func pretraining(_ saved: SavedCheckpoint?) throws -> Pretraining {
    let pretraining = Pretraining(configuration, threads: threads)
    guard let saved else { return pretraining }
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
}
