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
import Tables
import Tasks
import Training

/// Runs `Training.PolicyTraining` and writes what it reports.
struct PolicyRun {
  let settings: PolicyConfiguration
  let checkpoint: Checkpoint
  /// The configuration's task, opened for the checkpoint.
  let task: any PolicyTask
  /// Steps to make, at most the configuration's; its schedule stays.
  let steps: Int
  /// Checkpoints to keep.
  let keep: Int
  let resume: Bool
  let common: CommonOptions

  private struct Logs {
    let metrics: StepLog
    let evaluation: StepLog
    /// nil where update vectors are not measured.
    let updates: StepLog?
    let timing: StepLog
  }

  /// Trains, writes the folder and returns the summary; nil where there was nothing left to do.
  ///
  /// - Throws: `CommandFailure.interrupted` after a checkpoint of the last step is written.
  func run(_ folder: RunFolder) throws -> JSON? {
    try requireMemory(
      PolicyGradient<Float>.byteCount(
        ParameterLayout(checkpoint.configuration),
        rolloutCount: settings.problemsPerStep * settings.rolloutsPerProblem,
        threads: common.threads),
      for: "problems_per_step times rollouts_per_problem")
    var manifest = Manifest(
      config: settings.json, version: Prerl.version,
      inputs: try checkpoint.inputs()
        + task.files.map { try Manifest.Input(role: "problems", path: $0) },
      seeds: ["seed": settings.seed], precision: "float32", threads: common.threads,
      blas: BLAS.version, blasCore: BLAS.core)
    if resume, try folder.summaryOfSameRun(manifest)?["complete"] == true {
      if !common.quiet { Console.note("\(folder.path) is complete; there is nothing to resume") }
      return nil
    }

    let store = CheckpointStore(
      folder: folder.checkpoints, keep: keep, writeTokenizer: checkpoint.writeTokenizer)
    let training = try training(store)
    try folder.checkSteps(steps, after: training.step)
    try folder.write(manifest)
    // Step 0 is evaluated again when the run begins again.
    let evaluated = training.step == 0 ? -1 : training.step
    let logs = Logs(
      metrics: try StepLog(folder.metricsPath, through: training.step),
      evaluation: try StepLog(folder.evaluationPath, through: evaluated),
      updates: settings.measureUpdatesEvery > 0
        ? try StepLog(folder.updatesPath, through: evaluated) : nil,
      timing: try StepLog(folder.timingPath, through: training.step))
    guard try logs.metrics.lines().last?["step"]?.intValue ?? 0 == training.step else {
      throw CommandFailure.usage(
        "\(folder.metricsPath): ends before step \(training.step) of the checkpoint "
          + "(expected a line of every step)")
    }
    let start = ContinuousClock.now
    try train(training, logs, store, folder)
    let isComplete = training.step == settings.steps

    manifest.end = Date()
    try folder.write(manifest)
    try publish(logs, folder, manifest, isComplete: isComplete)
    let last = try logs.evaluation.lines().last ?? [:]
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let summary: JSON = [
      "algorithm": .string(type(of: settings.algorithm).name), "complete": .bool(isComplete),
      "step": .integer(training.step), "steps": .integer(settings.steps),
      "evaluation": .object(last), "num_tokens": .integer(training.tokenCount),
      "train_runtime": .real(seconds),
      "checkpoint": training.step > 0 ? .string("checkpoints/step-\(training.step)") : .null,
    ]
    try folder.write(summary: summary)
    guard isComplete || training.step == steps else {
      throw CommandFailure.interrupted(
        "interrupted after \(training.step) of \(steps) steps "
          + "(\(folder.path) holds them, --resume goes on)")
    }
    return summary
  }

  /// The run at its beginning, or at the newest checkpoint.
  private func training(_ store: CheckpointStore) throws -> PolicyTraining {
    let reference =
      settings.algorithm.loss.loss.usesReference ? try checkpoint.model(Float.self) : nil
    guard resume, let saved = try store.newest() else {
      return PolicyTraining(
        settings, task: task, model: try checkpoint.model(Float.self), reference: reference,
        threads: common.threads)
    }
    let tokens = try saved.count("num_tokens")
    let model = try saved.model(like: checkpoint.configuration)
    let training = PolicyTraining(
      settings, task: task, model: model, reference: reference, threads: common.threads)
    try saved.withOptimizer {
      try training.restore(optimizer: $0, step: saved.step, tokenCount: tokens)
    }
    return training
  }

  private func train(
    _ training: PolicyTraining, _ logs: Logs, _ store: CheckpointStore, _ folder: RunFolder
  ) throws {
    let evaluator =
      settings.evaluateEvery > 0
      ? try PolicyEvaluator(
        settings, task, base: try checkpoint.model(Float.self), threads: common.threads,
        shouldStop: { Interruption.isRequested }) : nil
    let meter = UpdateMeter(
      settings, task, shape: checkpoint.configuration, threads: common.threads)
    if training.step == 0 {
      try evaluate(training, evaluator, logs)
      try measureUpdates(training, meter, logs, folder)
    }
    var saved = training.step
    while training.step < steps, !Interruption.isRequested {
      let start = ContinuousClock.now
      let metrics: PolicyMetrics
      do {
        metrics = try training.advance { Interruption.isRequested }
      } catch is CancellationError {
        break  // no step was made
      } catch let error as TrainingError {
        let last =
          store.steps.last.map { "checkpoint step-\($0) is kept" } ?? "no checkpoint was made yet"
        throw CommandFailure.check("\(folder.path): \(error); \(last)")
      }
      let step = metrics.step
      var line: JSONObject = ["step": .integer(step)]
      for (column, value) in zip(metrics.columns, metrics.values) {
        line[column.name] = .real(value)
      }
      try logs.metrics.write(.object(line))
      try logs.timing.write([
        "step": .integer(step),
        "step_time": .real((ContinuousClock.now - start) / .seconds(1)),
        "sampling_time": .real(training.durations.sampling / .seconds(1)),
        "update_time": .real(training.durations.update / .seconds(1)),
      ])
      note(metrics, seconds: (ContinuousClock.now - start) / .seconds(1))
      if step == 1, metrics["grad_norm"] == 0, !common.quiet {
        Console.note("step 1 taught nothing: its gradient is 0 (no rewards, or all alike?)")
      }
      let isLast = step == settings.steps
      if isLast || (settings.evaluateEvery > 0 && step.isMultiple(of: settings.evaluateEvery)) {
        try evaluate(training, evaluator, logs)
      }
      try measureUpdates(training, meter, logs, folder)
      if isLast || step.isMultiple(of: settings.saveEvery) {
        try save(training, logs, store)
        saved = step
      }
    }
    if training.step > saved { try save(training, logs, store) }
  }

  private func evaluate(
    _ training: PolicyTraining, _ evaluator: PolicyEvaluator?, _ logs: Logs
  ) throws {
    guard let evaluator else { return }
    let values: [PolicyEvaluator.Value]
    do {
      values = try evaluator.evaluate(training.model, step: training.step)
    } catch is CancellationError {
      throw CommandFailure.interrupted(
        "interrupted while evaluating step \(training.step) (the run's newest checkpoint is kept, "
          + "--resume goes on)")
    }
    var line: JSONObject = ["step": .integer(training.step)]
    for (column, interval) in values {
      for (key, value) in interval.members(column.name, ends: column.hasInterval) {
        line[key] = value
      }
    }
    try logs.evaluation.write(.object(line))
    guard !common.quiet else { return }
    let shown = values.filter(\.column.hasInterval).prefix(5)
      .map { "\($0.column.name) \(fixed($0.interval.estimate, 3))" }
    Console.note("evaluation at step \(training.step)  \(shown.joined(separator: "  "))")
  }

  /// Measures at the steps that the configuration names. Stopped by the user it ends the run, which
  /// then goes on from the checkpoint before: a line is there whole or the step is made again.
  private func measureUpdates(
    _ training: PolicyTraining, _ meter: UpdateMeter, _ logs: Logs, _ folder: RunFolder
  ) throws {
    let step = training.step
    guard let updates = logs.updates, step.isMultiple(of: settings.measureUpdatesEvery) else {
      return
    }
    guard let line = try meter.measure(training.model, step: step) else {
      throw CommandFailure.interrupted(
        "interrupted while measuring updates at step \(step) "
          + "(\(folder.path) holds the run up to its newest checkpoint, --resume goes on)")
    }
    try updates.write(.object(line))
    guard !common.quiet else { return }
    let rules = UpdateMeter.table([line]).ruleNames
    let gains = zip(rules, line["efficiency"]?.arrayValue ?? [])
      .map { "\($0) \(fixed($1.doubleValue ?? .nan, 2))" }
    Console.note("updates at step \(step)  gain vs RL: \(gains.joined(separator: "  "))")
  }

  private func save(
    _ training: PolicyTraining, _ logs: Logs, _ store: CheckpointStore
  ) throws {
    // The lines up to here must not be lost once the checkpoint says that they are there.
    for log in [logs.metrics, logs.evaluation, logs.timing] { try log.sync() }
    try logs.updates?.sync()
    try store.publish(
      step: training.step, model: training.model,
      state: ["num_tokens": .integer(training.tokenCount)],
      saveOptimizer: training.saveOptimizer)
  }

  private func note(_ metrics: PolicyMetrics, seconds: Double) {
    guard !common.quiet else { return }
    let shown = [
      ("reward", 3), ("completions/mean_length", 1), ("entropy", 3), ("grad_norm", 3),
    ].map { "\($0) \(fixed(metrics[$0] ?? .nan, $1))" }
    Console.note(
      "step \(metrics.step)/\(steps)  \(shown.joined(separator: "  "))  \(fixed(seconds, 2)) s")
  }

  /// The HDF5 file, from the lines as they were written.
  private func publish(
    _ logs: Logs, _ folder: RunFolder, _ manifest: Manifest, isComplete: Bool
  ) throws {
    let (metrics, evaluation) = (try logs.metrics.lines(), try logs.evaluation.lines())
    guard !metrics.isEmpty else { return }
    func table(
      _ lines: [JSONObject], _ variables: [(name: String, units: String, longName: String)]
    ) -> TrainingTable {
      TrainingTable(
        steps: lines.map { $0["step"]?.intValue ?? 0 },
        variables: variables.map { variable in
          TrainingTable.Variable(
            name: variable.name, units: variable.units, longName: variable.longName,
            values: lines.map { $0[variable.name]?.doubleValue ?? .nan })
        })
    }
    let file = TrainingFile(
      steps: table(
        metrics,
        PolicyMetrics.columns(task, settings.algorithm.loss.loss).map {
          ($0.name, $0.units, $0.longName)
        }),
      evaluation: table(evaluation, PolicyEvaluator.variables(task)),
      updates: try logs.updates.map { UpdateMeter.table(try $0.lines()) }, isComplete: isComplete,
      attributes: manifest.attributes,
      history: ([manifest.json.objectValue?["start_utc"]?.stringValue ?? ""]
        + [manifest.arguments.joined(separator: " ")]).joined(separator: ": "))
    try AtomicFile.publish(folder.resultPath, overwrite: true) { try file.write(to: $0) }
  }

  /// What a finished run says in one line.
  static func line(_ summary: JSON, _ folder: RunFolder) -> String {
    let object = summary.objectValue ?? [:]
    let evaluation = object["evaluation"]?.objectValue ?? [:]
    func number(_ value: JSON?) -> Double { value?.doubleValue ?? .nan }
    return "\(folder.path): \(Int(number(object["step"]))) steps, held-out accuracy "
      + "\(fixed(number(evaluation["accuracy"]), 3)), \(fixed(number(object["train_runtime"]), 1)) s"
  }
}
