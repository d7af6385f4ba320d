// What the training of a reward model tells the person at the terminal.
import Runs
import StrictJSON
import Tables
import Training

/// Notes on standard error along a run, and its end as a line or as a failure.
struct RewardTrainingReport {
  let folder: String
  /// Steps that the run was asked for.
  let steps: Int
  let isQuiet: Bool

  /// Says what the run learns from.
  func begin(_ data: PreferenceData, _ settings: RewardConfiguration) {
    guard !isQuiet else { return }
    var parts = ["\(data.training.count) pairs of training", "\(data.heldOut.count) held out"]
    if data.tieCount > 0 {
      parts.append(
        "\(data.tieCount) ties \(settings.ties == .drop ? "left out" : "with label 1/2")")
    }
    if data.flippedCount > 0 { parts.append("\(data.flippedCount) labels flipped") }
    Console.note(parts.joined(separator: ", "))
  }

  /// Shows what a running run reports.
  func note(_ progress: RewardRun.Progress) {
    guard !isQuiet else { return }
    switch progress {
    case .step(let metrics, let seconds):
      let shown = ["loss", "accuracy", "margin", "grad_norm"].map {
        "\($0) \(fixed(metrics[$0] ?? .nan, 3))"
      }
      Console.note(
        "step \(metrics.step)/\(steps)  \(shown.joined(separator: "  "))  \(fixed(seconds, 2)) s")
    case .evaluation(let step, let values):
      let shown = values.prefix(4).map { "\($0.column.name) \(fixed($0.interval.estimate, 3))" }
      Console.note("evaluation at step \(step)  \(shown.joined(separator: "  "))")
    }
  }

  /// The summary of a finished run; nil where there was nothing left to do.
  ///
  /// - Throws: `CommandFailure.interrupted` where the run was stopped.
  func summary(_ outcome: RewardRun.Outcome) throws(CommandFailure) -> TrainingSummary? {
    switch outcome {
    case .finished(let summary):
      return summary
    case .alreadyFinished:
      if !isQuiet { Console.note("\(folder) is complete; there is nothing to resume") }
      return nil
    case .interrupted(let step):
      throw .interrupted(
        "interrupted after \(step) of \(steps) steps (\(folder) holds the run up to its newest "
          + "checkpoint, --resume goes on)")
    }
  }

  /// The end of a run by a number that is not finite.
  func failure(_ error: TrainingError) -> CommandFailure {
    TrainingReport(folder: folder, steps: steps, isQuiet: isQuiet).failure(error)
  }

  /// What a finished run says in one line.
  func line(_ summary: TrainingSummary) -> String {
    TrainingReport(folder: folder, steps: steps, isQuiet: isQuiet).line(summary)
  }
}
