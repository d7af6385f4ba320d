// The lines of a reward model's training, and the result file that is made of them.
import Runs
import StrictJSON
import Tables

/// The JSONL files of a run's folder.
struct RewardLogs {
  let metrics: StepLog
  let evaluation: StepLog
  let timing: StepLog

  /// Opens or makes the files and cuts them back to a step.
  ///
  /// - Throws: `OutputError`, also where a file lacks a line of a step that has written one.
  init(_ folder: RunFolder, step: Int, _ configuration: RewardConfiguration) throws {
    // Step 0 is evaluated again when the run begins again.
    let evaluated = step == 0 ? -1 : step
    let interval = configuration.evaluateEvery
    let expected =
      interval == 0 || step == 0
      ? [] : (0...step).filter { $0.isMultiple(of: interval) || $0 == configuration.steps }
    metrics = try StepLog(folder.metricsPath, through: step, expecting: Array(1..<step + 1))
    evaluation = try StepLog(folder.evaluationPath, through: evaluated, expecting: expected)
    timing = try StepLog(folder.timingPath, through: step)
  }

  /// Forces all lines to the disk.
  func sync() throws(OutputError) {
    for log in [metrics, evaluation, timing] { try log.sync() }
  }

  /// The HDF5 file, from the lines as they were written; nil before the first step.
  func file(_ manifest: Manifest, isComplete: Bool) throws -> TrainingFile? {
    let (metrics, evaluation) = (try metrics.lines(), try evaluation.lines())
    guard !metrics.isEmpty else { return nil }
    return TrainingFile(
      steps: VariableGroup(
        steps: metrics, RewardMetrics.columns.map { ($0.name, $0.units, $0.longName) },
        title: "Metrics of each step"),
      evaluation: evaluation.isEmpty
        ? nil
        : VariableGroup(
          steps: evaluation, RewardEvaluator.variables, title: "Evaluations on held-out pairs"),
      isComplete: isComplete, attributes: manifest.attributes,
      history: ([manifest.json.objectValue?["start_utc"]?.stringValue ?? ""]
        + [manifest.arguments.joined(separator: " ")]).joined(separator: ": "))
  }
}
