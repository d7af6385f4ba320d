// One go of a training run: its steps from where it stands, with what is written along them.
import ModelCore
import StrictJSON

/// The loop of ``TrainingRun``.
struct TrainingSession {
  let run: TrainingRun
  let training: PolicyTraining
  let store: CheckpointStore
  let logs: TrainingLogs
  let shouldStop: @Sendable () -> Bool
  let progress: (TrainingRun.Progress) -> Void

  private var configuration: PolicyConfiguration { run.configuration }

  /// Makes the steps, and a checkpoint of the last one.
  ///
  /// - Parameter base: What policies are evaluated against; nil for no evaluations.
  /// - Returns: What it was stopped in where a line is missing; nil where everything up to the last step
  ///   is written.
  func run(base: Transformer<Float>?) throws -> TrainingRun.Activity? {
    do {
      return try advance(base: base)
    } catch let error as NonFiniteError {
      throw kept(TrainingError(step: training.step, what: error.what))
    }
  }

  private func advance(base: Transformer<Float>?) throws -> TrainingRun.Activity? {
    let evaluator: PolicyEvaluator?
    do {
      evaluator = try base.map {
        try PolicyEvaluator(
          configuration, run.task, base: $0, rewardModels: run.rewardModels,
          userModels: run.userModels, threads: run.threads, shouldStop: shouldStop)
      }
    } catch is CancellationError {
      return .evaluation
    }
    if training.step == 0, let stopped = try measure(evaluator) { return stopped }
    var saved = training.step
    while training.step < run.steps, !shouldStop() {
      guard try advance() else { break }
      if let stopped = try measure(evaluator) { return stopped }
      if isLast || training.step.isMultiple(of: configuration.saveEvery) {
        try save()
        saved = training.step
      }
    }
    if training.step > saved { try save() }
    return nil
  }

  private var isLast: Bool { training.step == configuration.steps }

  /// One step with its lines; false if it was stopped and not made.
  private func advance() throws -> Bool {
    let start = ContinuousClock.now
    let metrics: PolicyMetrics
    do {
      metrics = try training.advance(shouldStop: shouldStop)
    } catch is CancellationError {
      return false
    } catch let error as TrainingError {
      throw kept(error)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var line: JSONObject = ["step": .integer(metrics.step)]
    for (column, value) in zip(metrics.columns, metrics.values) { line[column.name] = .real(value) }
    try logs.metrics.write(.object(line))
    try logs.timing.write([
      "step": .integer(metrics.step), "step_time": .real(seconds),
      "sampling_time": .real(training.durations.sampling / .seconds(1)),
      "update_time": .real(training.durations.update / .seconds(1)),
    ])
    progress(.step(metrics, seconds: seconds))
    return true
  }

  /// The error with the checkpoint that is left.
  private func kept(_ error: TrainingError) -> TrainingError {
    var error = error
    error.keptCheckpoint = store.steps.last
    return error
  }

  /// Evaluates and measures the policy where the step is one of those that the configuration names.
  ///
  /// - Returns: What it was stopped in, if it was.
  private func measure(_ evaluator: PolicyEvaluator?) throws -> TrainingRun.Activity? {
    let step = training.step
    if let evaluator, isLast || step.isMultiple(of: configuration.evaluateEvery) {
      let values: [PolicyEvaluator.Value]
      do {
        values = try evaluator.evaluate(training.model, step: step)
      } catch is CancellationError {
        return .evaluation
      }
      var line: JSONObject = ["step": .integer(step)]
      for (column, interval) in values {
        for (key, value) in interval.members(column.name, ends: column.hasInterval) {
          line[key] = value
        }
      }
      try logs.evaluation.write(.object(line))
      progress(.evaluation(step: step, values))
    }
    if let probe = run.probe, let updates = logs.updates,
      step.isMultiple(of: configuration.measureUpdatesEvery)
    {
      guard let line = try probe.measure(training.model, step: step, shouldStop: shouldStop) else {
        return .measurement
      }
      try updates.write(.object(line))
      progress(.measurement(step: step, line))
    }
    return nil
  }

  private func save() throws {
    // The lines up to here must not be lost once the checkpoint says that they are there.
    try logs.sync()
    try store.publish(
      step: training.step, model: training.model,
      state: ["num_tokens": .integer(training.tokenCount)],
      saveOptimizer: training.saveOptimizer, saveCritic: training.saveCritic)
  }
}
