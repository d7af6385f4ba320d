// Learning rates over a run.
import RealModule

/// Linear warm-up to the peak, then a decay to a share of it, linear or along half a cosine.
public struct LearningRateSchedule: Sendable, Hashable {
  /// The way from the peak to the end.
  public enum Decay: String, Sendable, CaseIterable {
    case linear, cosine
  }

  /// The highest rate.
  public var peak: Double
  public var warmUpSteps: Int
  /// Updates in all.
  public var steps: Int
  /// The rate at the end, after update `steps` − 1, as a share of the peak; 1 keeps the rate constant after the warm-up.
  public var finalShare: Double
  public var decay: Decay

  public init(
    peak: Double, warmUpSteps: Int, steps: Int, finalShare: Double, decay: Decay = .linear
  ) {
    self.peak = peak
    self.warmUpSteps = warmUpSteps
    self.steps = steps
    self.finalShare = finalShare
    self.decay = decay
  }

  /// The rate of update `step`, counted from 0.
  public func rate(at step: Int) -> Double {
    if step < warmUpSteps { return peak * Double(step + 1) / Double(warmUpSteps) }
    let progress = min(1, Double(step - warmUpSteps) / Double(max(1, steps - warmUpSteps)))
    let descent = decay == .linear ? progress : (1 - Double.cos(.pi * progress)) / 2
    return peak * (1 - (1 - finalShare) * descent)
  }
}
