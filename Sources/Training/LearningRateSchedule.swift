// Learning rates over a run.

/// Linear warm-up to the peak, then linear decay to a share of it.
public struct LearningRateSchedule: Sendable, Hashable {
  /// The highest rate.
  public var peak: Double
  public var warmUpSteps: Int
  /// Updates in all.
  public var steps: Int
  /// The rate at the end, after update `steps` − 1, as a share of the peak; 1 keeps the rate constant after the warm-up.
  public var finalShare: Double

  public init(peak: Double, warmUpSteps: Int, steps: Int, finalShare: Double) {
    self.peak = peak
    self.warmUpSteps = warmUpSteps
    self.steps = steps
    self.finalShare = finalShare
  }

  /// The rate of update `step`, counted from 0.
  public func rate(at step: Int) -> Double {
    if step < warmUpSteps { return peak * Double(step + 1) / Double(warmUpSteps) }
    let progress = Double(step - warmUpSteps) / Double(max(1, steps - warmUpSteps))
    return peak * (1 - (1 - finalShare) * min(1, progress))
  }
}
