// One training of a reward model from its configuration to its folder, whole or in several goes.
//
// A run can be killed at any moment, as a `TrainingRun`: what it goes on to has the bits of a run that was
// never disturbed.
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tables

/// A training of a reward model that can be started, watched, interrupted and resumed.
///
///     let run = RewardRun(configuration, data, model: model, output: "runs/own", manifest: manifest)
///     let outcome = try run.run(.afresh)
///
/// Results do not depend on threads or on interruptions. ``RewardTraining`` makes the steps; this adds
/// evaluations, checkpoints and files.
public struct RewardRun {
  public let configuration: RewardConfiguration
  public let data: PreferenceData
  /// The run's folder; the one that it lies in must be there. ``RunFolder`` says what is in it.
  public var output: String
  /// Steps to make, at most the configuration's: a run may stop early, and its schedule stays.
  public var steps: Int
  /// Checkpoints to keep, the newest ones; at least 1.
  public var keptCheckpoints = 2
  public var threads = 1
  /// Writes the tokenizer's files into the folder of a checkpoint, whose path it gets.
  public var writeTokenizer: (String) throws -> Void = { _ in }
  /// Gets the fault of a damaged checkpoint in whose place an older one is used.
  public var reportDamage: (OutputError) -> Void = { _ in }
  /// Where the results come from; `config` must be `configuration.json`. It identifies the run when it is
  /// resumed, together with the hashes of its inputs.
  public var manifest: Manifest
  private let base: () throws -> Transformer<Float>

  /// A run that begins with a model.
  ///
  /// - Parameter model: With a reward head. It is asked for once, when the run begins afresh.
  public init(
    _ configuration: RewardConfiguration, _ data: PreferenceData,
    model: @autoclosure @escaping () throws -> Transformer<Float>, output: String,
    manifest: Manifest
  ) {
    self.configuration = configuration
    self.data = data
    self.output = output
    self.manifest = manifest
    base = model
    steps = configuration.steps
  }

  /// How the run ended.
  public enum Outcome: Sendable {
    /// All steps that were asked for are made.
    case finished(TrainingSummary)
    /// The folder holds the whole run already; nothing was done.
    case alreadyFinished
    /// Stopped after so many steps; the folder holds the run up to its newest checkpoint.
    case interrupted(step: Int)
  }

  /// What a running run reports, on the calling thread.
  public enum Progress: Sendable {
    /// A step was made, in so many seconds.
    case step(RewardMetrics, seconds: Double)
    /// The model was evaluated after a step.
    case evaluation(step: Int, [RewardEvaluator.Value])
  }

  /// Trains and writes the folder.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked between steps and within evaluations, by any thread.
  ///   - progress: Gets every step and evaluation when its line is written.
  /// - Throws: `OutputError` for folders that cannot be written or hold another run, ``TrainingError`` where
  ///   a number is not finite.
  public func run(
    _ start: RunStart, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: (Progress) -> Void = { _ in }
  ) throws -> Outcome {
    precondition((0...configuration.steps).contains(steps), "more steps than the configuration's")
    let folder = try RunFolder(output, start)
    if start == .resuming,
      // A rate that decays has another value at every step of a longer run.
      let earlier = try folder.summaryOfSameRun(
        manifest, orLonger: configuration.schedule.finalShare == 1),
      earlier["complete"] == true
    {
      if earlier["step"]?.intValue ?? 0 >= configuration.steps { return .alreadyFinished }
      try folder.removeSummary()
    }
    let store = CheckpointStore(
      folder: folder.checkpoints, keep: keptCheckpoints, writeTokenizer: writeTokenizer)
    let training = try training(
      from: start == .resuming ? store.newest(reporting: reportDamage) : nil)
    try folder.checkSteps(steps, after: training.step)
    var manifest = manifest
    try folder.write(manifest)
    let logs = try RewardLogs(folder, step: training.step, configuration)

    let clock = ContinuousClock.now
    let session = RewardSession(
      run: self, training: training, store: store, logs: logs, shouldStop: shouldStop)
    guard try session.run(progress) else { return .interrupted(step: training.step) }
    let isComplete = training.step == configuration.steps
    manifest.end = Date()
    try folder.write(manifest)
    if let file = try logs.file(manifest, isComplete: isComplete) {
      try AtomicFile.publish(folder.resultPath, overwrite: true) { try file.write(to: $0) }
    }
    let summary = TrainingSummary(
      algorithm: RewardConfiguration.name, isComplete: isComplete, step: training.step,
      steps: configuration.steps, evaluation: try logs.evaluation.lines().last ?? [:],
      tokenCount: training.tokenCount, seconds: (ContinuousClock.now - clock) / .seconds(1))
    try folder.write(summary: summary.json)
    return isComplete || training.step == steps
      ? .finished(summary) : .interrupted(step: training.step)
  }

  /// The run at its beginning, or at a checkpoint.
  private func training(from saved: SavedCheckpoint?) throws -> RewardTraining {
    let base = try base()
    let model = try saved?.model(like: base.configuration) ?? base
    let training = RewardTraining(configuration, data, model: model, threads: threads)
    if let saved {
      let tokens = try saved.count("num_tokens")
      try saved.withOptimizer {
        try training.restore(optimizer: $0, step: saved.step, tokenCount: tokens)
      }
    }
    return training
  }
}
