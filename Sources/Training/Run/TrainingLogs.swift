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
  /// - Throws: `OutputError`, also where a file lacks a line of a step that has written one: results
  ///   with a part of the evaluations would look like whole ones.
  init(
    _ folder: RunFolder, step: Int, _ configuration: PolicyConfiguration, hasProbe: Bool
  ) throws {
    // Step 0 is evaluated again when the run begins again.
    let evaluated = step == 0 ? -1 : step
    func steps(every interval: Int) -> [Int] {
      interval == 0
        ? []
        : (0...max(evaluated, 0)).filter {
          $0 <= evaluated && ($0.isMultiple(of: interval))
        }
    }
    let isEvaluatedLast = configuration.evaluateEvery > 0 && step == configuration.steps
    metrics = try StepLog(folder.metricsPath, through: step, expecting: Array(1..<step + 1))
    evaluation = try StepLog(
      folder.evaluationPath, through: evaluated,
      expecting: steps(every: configuration.evaluateEvery) + (isEvaluatedLast ? [step] : []))
    updates =
      hasProbe
      ? try StepLog(
        folder.updatesPath, through: evaluated,
        expecting: steps(every: configuration.measureUpdatesEvery)) : nil
    timing = try StepLog(folder.timingPath, through: step)
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
    let columns = PolicyMetrics.columns(
      run.task, run.configuration, hasRewardModel: run.rewardModels != nil)
    return TrainingFile(
      steps: VariableGroup(
        steps: metrics, columns.map { ($0.name, $0.units, $0.longName) },
        title: "Metrics of each step"),
      evaluation: evaluation.isEmpty
        ? nil
        : VariableGroup(
          steps: evaluation,
          PolicyEvaluator.variables(run.task, hasRewardModel: run.rewardModels != nil),
          title: "Evaluations on held-out problems"),
      updates: try updates.flatMap { log in try run.probe?.group(log.lines()) },
      isComplete: isComplete, attributes: manifest.attributes,
      history: ([manifest.json.objectValue?["start_utc"]?.stringValue ?? ""]
        + [manifest.arguments.joined(separator: " ")]).joined(separator: ": "))
  }
}
