// The lines of a reinforcement-learning run, and the result file that is made of them.
import Runs
import StrictJSON
import Tables
import Tasks

/// The JSONL files of a run's folder.
struct TrainingLogs {
  let metrics: StepLog
  let evaluation: StepLog
  /// nil where there is no probe.
  let updates: StepLog?
  let timing: StepLog

  /// Opens or makes the files and cuts them back to a step.
  ///
  /// - Throws: `OutputError`, also where the metrics end before the step.
  init(_ folder: RunFolder, step: Int, hasProbe: Bool) throws {
    // Step 0 is evaluated again when the run begins again.
    let evaluated = step == 0 ? -1 : step
    metrics = try StepLog(folder.metricsPath, through: step)
    evaluation = try StepLog(folder.evaluationPath, through: evaluated)
    updates = hasProbe ? try StepLog(folder.updatesPath, through: evaluated) : nil
    timing = try StepLog(folder.timingPath, through: step)
    guard try metrics.lines().last?["step"]?.intValue ?? 0 == step else {
      throw OutputError.usage(
        folder.metricsPath,
        "ends before step \(step) of the checkpoint (expected a line of every step)")
    }
  }

  /// Forces all lines to the disk.
  func sync() throws(OutputError) {
    for log in [metrics, evaluation, timing] { try log.sync() }
    try updates?.sync()
  }

  /// The HDF5 file, from the lines as they were written; nil before the first step.
  func file(_ run: TrainingRun, _ manifest: Manifest, isComplete: Bool) throws -> TrainingFile? {
    let (metrics, evaluation) = (try metrics.lines(), try evaluation.lines())
    guard !metrics.isEmpty else { return nil }
    let columns = PolicyMetrics.columns(run.task, run.configuration.algorithm.loss.loss)
    return TrainingFile(
      steps: VariableGroup(
        steps: metrics, columns.map { ($0.name, $0.units, $0.longName) },
        title: "Metrics of each step"),
      evaluation: evaluation.isEmpty
        ? nil
        : VariableGroup(
          steps: evaluation, PolicyEvaluator.variables(run.task),
          title: "Evaluations on held-out problems"),
      updates: try updates.flatMap { log in try run.probe?.group(log.lines()) },
      isComplete: isComplete, attributes: manifest.attributes,
      history: ([manifest.json.objectValue?["start_utc"]?.stringValue ?? ""]
        + [manifest.arguments.joined(separator: " ")]).joined(separator: ": "))
  }
}
