// What a reinforcement-learning run tells the person at the terminal.
import Foundation
import Runs
import StrictJSON
import Tables
import Training

/// Notes on standard error along a run, and its end as a line or as a failure.
struct TrainingReport {
  let folder: String
  /// Steps that the run was asked for.
  let steps: Int
  let isQuiet: Bool

  /// Shows what a running run reports.
  func note(_ progress: TrainingRun.Progress) {
    guard !isQuiet else { return }
    switch progress {
    case .step(let metrics, let seconds):
      let shown = [
        ("reward", 3), ("completions/mean_length", 1), ("entropy", 3), ("grad_norm", 3),
      ].map { "\($0) \(fixed(metrics[$0] ?? .nan, $1))" }
      Console.note(
        "step \(metrics.step)/\(steps)  \(shown.joined(separator: "  "))  \(fixed(seconds, 2)) s")
      // While the critic warms up the policy stays as it is.
      if metrics.step == 1, metrics["grad_norm"] == 0, metrics["critic/grad_norm"] ?? 0 == 0 {
        Console.note("step 1 taught nothing: its gradient is 0 (no rewards, or all alike?)")
      }
    case .evaluation(let step, let values):
      let shown = values.filter(\.column.hasInterval).prefix(5)
        .map { "\($0.column.name) \(fixed($0.interval.estimate, 3))" }
      Console.note("evaluation at step \(step)  \(shown.joined(separator: "  "))")
    case .measurement(let step, let line):
      let gains = zip(UpdateMeter.ruleNames, line["efficiency"]?.arrayValue ?? [])
        .map { "\($0) \(fixed($1.doubleValue ?? .nan, 2))" }
      Console.note("updates at step \(step)  gain vs RL: \(gains.joined(separator: "  "))")
    }
  }

  /// The summary of a finished run; nil where there was nothing left to do.
  ///
  /// - Throws: `CommandFailure.interrupted` where the run was stopped.
  func summary(_ outcome: TrainingRun.Outcome) throws(CommandFailure) -> TrainingSummary? {
    switch outcome {
    case .finished(let summary):
      return summary
    case .alreadyFinished:
      if !isQuiet { Console.note("\(folder) is complete; there is nothing to resume") }
      return nil
    case .interrupted(let step, .training):
      throw .interrupted(
        "interrupted after \(step) of \(steps) steps (\(folder) holds them, --resume goes on)")
    case .interrupted(let step, .evaluation):
      throw .interrupted(
        "interrupted while evaluating step \(step) (the run's newest checkpoint is kept, "
          + "--resume goes on)")
    case .interrupted(let step, .measurement):
      throw .interrupted(
        "interrupted while measuring updates at step \(step) "
          + "(\(folder) holds the run up to its newest checkpoint, --resume goes on)")
    }
  }

  /// The end of a run by a number that is not finite.
  func failure(_ error: TrainingError) -> CommandFailure {
    let last =
      error.keptCheckpoint.map { "checkpoint step-\($0) is kept" } ?? "no checkpoint was made yet"
    return .check("\(folder): \(error); \(last)")
  }

  /// What a finished run says in one line.
  func line(_ summary: TrainingSummary) -> String {
    // What nothing verifies, reward models judge.
    let key =
      summary.evaluation["reward_model"] != nil && summary.evaluation["accuracy"] == nil
      ? "reward_model" : "accuracy"
    let value = summary.evaluation[key]?.doubleValue
    let result =
      value.map { ", held-out \(key.replacing("_", with: " ")) \(fixed($0, 3))" } ?? ""
    return "\(folder): \(summary.step) steps\(result), \(fixed(summary.seconds, 1)) s"
  }
}
