// One go of a reward model's training: its steps from where it stands, with what is written along them.
import ModelCore
import StrictJSON

/// The loop of ``RewardRun``.
struct RewardSession {
  let run: RewardRun
  let training: RewardTraining
  let store: CheckpointStore
  let logs: RewardLogs
  let shouldStop: @Sendable () -> Bool

  private var configuration: RewardConfiguration { run.configuration }
  private var isLast: Bool { training.step == configuration.steps }

  /// Makes the steps, and a checkpoint of the last one.
  ///
  /// - Returns: Whether every line up to the last step is written; false where an evaluation was stopped.
  func run(_ progress: (RewardRun.Progress) -> Void) throws -> Bool {
    do {
      return try advance(progress)
    } catch let error as NonFiniteError {
      throw kept(TrainingError(step: training.step, what: error.what))
    } catch let error as TrainingError {
      throw kept(error)
    } catch is CancellationError {
      return false
    }
  }

  private func advance(_ progress: (RewardRun.Progress) -> Void) throws -> Bool {
    let evaluator = RewardEvaluator(
      training.data.heldOut, seed: configuration.seed, threads: run.threads)
    if training.step == 0 { try evaluate(evaluator, progress) }
    var saved = training.step
    while training.step < run.steps, !shouldStop() {
      try step(progress)
      try evaluate(evaluator, progress)
      if isLast || training.step.isMultiple(of: configuration.saveEvery) {
        try save()
        saved = training.step
      }
    }
    if training.step > saved { try save() }
    return true
  }

  /// One step with its lines.
  private func step(_ progress: (RewardRun.Progress) -> Void) throws {
    let start = ContinuousClock.now
    let metrics = try training.advance()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var line: JSONObject = ["step": .integer(metrics.step)]
    for (column, value) in zip(RewardMetrics.columns, metrics.values) {
      line[column.name] = .real(value)
    }
    try logs.metrics.write(.object(line))
    try logs.timing.write(["step": .integer(metrics.step), "step_time": .real(seconds)])
    progress(.step(metrics, seconds: seconds))
  }

  /// Evaluates the model where the step is one of those that the configuration names.
  private func evaluate(
    _ evaluator: RewardEvaluator, _ progress: (RewardRun.Progress) -> Void
  ) throws {
    let (step, interval) = (training.step, configuration.evaluateEvery)
    guard interval > 0, isLast || step.isMultiple(of: interval) else { return }
    let values = try evaluator.evaluate(training.model, shouldStop: shouldStop)
    var line: JSONObject = ["step": .integer(step)]
    for (column, interval) in values {
      for (key, value) in interval.members(column.name, ends: column.hasInterval) {
        line[key] = value
      }
    }
    try logs.evaluation.write(.object(line))
    progress(.evaluation(step: step, values))
  }

  private func save() throws {
    // The lines up to here must not be lost once the checkpoint says that they are there.
    try logs.sync()
    try store.publish(
      step: training.step, model: training.model,
      state: ["num_tokens": .integer(training.tokenCount)],
      saveOptimizer: training.saveOptimizer)
  }

  /// The error with the checkpoint that is left.
  private func kept(_ error: TrainingError) -> TrainingError {
    var error = error
    error.keptCheckpoint = store.steps.last
    return error
  }
}
