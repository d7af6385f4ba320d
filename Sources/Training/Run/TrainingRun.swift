// One reinforcement-learning run from its configuration to its folder, whole or in several goes.
//
// A run can be killed at any moment: metrics and evaluations are appended line by line, a checkpoint
// appears as a whole, and going on cuts the lines back to the newest checkpoint. Every file but
// `timing.jsonl`, `manifest.json` and `summary.json` has then the bits of a run that was never
// disturbed (of `training.h5` the datasets; its attributes tell when it was made).
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tasks

/// A run that can be started, watched, interrupted and resumed.
///
///     let run = TrainingRun(
///       configuration, task: task, model: model, output: "runs/own", manifest: manifest)
///     let outcome = try run.run(.afresh)
///
/// Results do not depend on threads or on interruptions. ``PolicyTraining`` makes the steps;
/// this adds evaluations, checkpoints and files.
public struct TrainingRun {
  public let configuration: PolicyConfiguration
  /// The configuration's task, opened for the model.
  public let task: any PolicyTask
  /// The run's folder; the one that it lies in must be there. ``RunFolder`` says what is in it.
  public var output: String
  /// Steps to make, at most the configuration's: a run may stop early, and its schedule stays.
  public var steps: Int
  /// Checkpoints to keep, the newest ones; at least 1.
  public var keptCheckpoints = 2
  public var threads = 1
  /// Give the rewards that the policy learns from, in the verifier's place; the manifest must name them.
  public var rewardModels: RewardEnsemble?
  /// Play the environment in imagined conversations; without any the policy does. The manifest must name them.
  public var userModels: [Transformer<Float>] = []
  /// Measures the policy every `measureUpdatesEvery` steps. A configuration that asks for it needs one.
  public var probe: (any TrainingProbe)?
  /// Writes the tokenizer's files into the folder of a checkpoint, whose path it gets.
  public var writeTokenizer: (String) throws -> Void = { _ in }
  /// Gets the fault of a damaged checkpoint in whose place an older one is used.
  public var reportDamage: (OutputError) -> Void = { _ in }
  /// Where the results come from; `config` must be `configuration.json`. It identifies the run when it
  /// is resumed, together with the hashes of its inputs.
  public var manifest: Manifest
  let base: () throws -> Transformer<Float>

  /// A run that begins with a model.
  ///
  /// - Parameter model: The base, for which `configuration.obstacle` must be nil. It is asked for once,
  ///   when the run needs it, and stays as it is: the policy is a copy.
  public init(
    _ configuration: PolicyConfiguration, task: any PolicyTask,
    model: @autoclosure @escaping () throws -> Transformer<Float>, output: String,
    manifest: Manifest
  ) {
    self.configuration = configuration
    self.task = task
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
    /// Stopped after so many steps, in the middle of something.
    case interrupted(step: Int, during: Activity)
  }

  /// What a run does when it is stopped.
  public enum Activity: Sendable {
    /// The folder holds everything up to the step, with a checkpoint of it.
    case training
    /// The folder holds the run up to its newest checkpoint: a line is there whole, or its step is made
    /// again.
    case evaluation
    /// Likewise, by the probe.
    case measurement
  }

  /// What a running run reports, on the calling thread.
  public enum Progress: Sendable {
    /// A step was made, in so many seconds.
    case step(PolicyMetrics, seconds: Double)
    /// The policy was evaluated after a step.
    case evaluation(step: Int, [PolicyEvaluator.Value])
    /// The probe measured the policy after a step; its line.
    case measurement(step: Int, JSONObject)
  }

  /// Trains and writes the folder.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked between steps and within long ones, by any thread; once true, the run ends
  ///     after the step in hand.
  ///   - progress: Gets every step, evaluation and measurement when its line is written.
  /// - Throws: `OutputError` for folders that cannot be written or hold another run, ``TrainingError``
  ///   where a number is not finite, and what the task's verifier and the probe throw.
  public func run(
    _ start: RunStart, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (Progress) -> Void = { _ in }
  ) throws -> Outcome {
    precondition((0...configuration.steps).contains(steps), "more steps than the configuration's")
    precondition(
      probe != nil || configuration.measureUpdatesEvery == 0, "measureUpdatesEvery needs a probe")
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
    let saved = start == .resuming ? try store.newest(reporting: reportDamage) : nil
    let (training, base) = try begin(from: saved)
    try folder.checkSteps(steps, after: training.step)
    var manifest = manifest
    try folder.write(manifest)
    let logs = try TrainingLogs(
      folder, step: training.step, configuration, hasProbe: probe != nil)

    let clock = ContinuousClock.now
    let session = TrainingSession(
      run: self, training: training, store: store, logs: logs, shouldStop: shouldStop,
      progress: progress)
    if let activity = try session.run(base: base) {
      return .interrupted(step: training.step, during: activity)
    }
    let isComplete = training.step == configuration.steps
    manifest.end = Date()
    try folder.write(manifest)
    if let file = try logs.file(self, manifest, isComplete: isComplete) {
      try AtomicFile.publish(folder.resultPath, overwrite: true) { try file.write(to: $0) }
    }
    let summary = TrainingSummary(
      algorithm: type(of: configuration.algorithm).name, isComplete: isComplete,
      step: training.step, steps: configuration.steps,
      evaluation: try logs.evaluation.lines().last ?? [:], tokenCount: training.tokenCount,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
    try folder.write(summary: summary.json)
    return isComplete || training.step == steps
      ? .finished(summary) : .interrupted(step: training.step, during: .training)
  }

  /// The run at its beginning, or at a checkpoint, and the base, which only evaluations need from here on.
  ///
  /// A function of its own, so that a base that is not returned is free before the steps begin.
  private func begin(
    from saved: SavedCheckpoint?
  ) throws -> (PolicyTraining, base: Transformer<Float>?) {
    let base = try base()
    return (try training(base, from: saved), configuration.evaluateEvery > 0 ? base : nil)
  }

  /// The run at its beginning, or at a checkpoint.
  private func training(
    _ base: Transformer<Float>, from saved: SavedCheckpoint?
  ) throws -> PolicyTraining {
    let training = PolicyTraining(
      configuration, task: task,
      model: try saved?.model(like: base.configuration) ?? base.copy(),
      reference: configuration.algorithm.usesReference ? base : nil, rewardModels: rewardModels,
      userModels: userModels, threads: threads)
    if let saved {
      let tokens = try saved.count("num_tokens")
      try saved.withOptimizer {
        try training.restore(optimizer: $0, step: saved.step, tokenCount: tokens)
      }
      try training.restoreCritic(from: saved.criticFolder)
    }
    return training
  }
}
