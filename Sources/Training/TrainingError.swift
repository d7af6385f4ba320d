// What ends a training run before its last step.

/// A number that is not finite, and where it came up.
public struct TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Step, counted from 1; it made no update.
  public let step: Int
  /// Problem and sample of the step, counted from 0; nil where no single rollout is to blame.
  public let rollout: (problem: Int, sample: Int)?
  /// What else is not finite, such as a logit.
  let what: String?
  /// Step of the newest checkpoint in the folder of a ``TrainingRun``; nil where there is none.
  public internal(set) var keptCheckpoint: Int?

  init(step: Int, rollout: (problem: Int, sample: Int)? = nil, what: String? = nil) {
    self.step = step
    self.rollout = rollout
    self.what = what
  }

  public static func == (a: TrainingError, b: TrainingError) -> Bool {
    a.description == b.description
  }

  public var description: String {
    let what =
      what ?? rollout.map { "the loss of problem \($0.problem), sample \($0.sample)" }
      ?? "the gradient"
    return "step \(step): \(what) is not finite (expected a finite number; try a lower learning "
      + "rate)"
  }
}
