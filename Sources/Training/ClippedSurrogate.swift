// The clipped policy-gradient loss of one token and its closed-form derivative.
//
// With ratio ρ = exp(log π − log π_old) and advantage A (Schulman et al., PPO, 1707.06347, eq. 7):
//   objective = min(ρ A, clip(ρ, 1 − ε_low, 1 + ε_high) A)
//   A < 0:      objective = max(objective, c A)     dual clip (Ye et al., 1912.09729)
//   d objective / d log π = ρ A where the first branch is active, else 0
// and through the softmax d log π(y) / d logits = onehot(y) − π, so no autograd is needed.
import RealModule

/// The limits of the ratio.
public struct ClippedSurrogate: Sendable, Hashable {
  /// ε_low: for A < 0 the ratio earns nothing below 1 − ε_low.
  public var low: Double
  /// ε_high: for A > 0 the ratio earns nothing above 1 + ε_high.
  public var high: Double
  /// c > 1: for A < 0 the ratio costs nothing more above c; nil for no such limit.
  public var dual: Double?

  public init(low: Double = 0.2, high: Double = 0.2, dual: Double? = nil) {
    self.low = low
    self.high = high
    self.dual = dual
  }

  /// Which limit holds a token.
  public enum Region: Sendable { case free, low, high, dual }

  /// The objective of a token, its derivative by log π, and the region it lies in.
  public func token(
    advantage: Double, logProbability: Double, old: Double
  ) -> (objective: Double, slope: Double, region: Region) {
    let ratio = Double.exp(logProbability - old)
    if advantage > 0, ratio > 1 + high { return ((1 + high) * advantage, 0, .high) }
    if advantage < 0, ratio < 1 - low { return ((1 - low) * advantage, 0, .low) }
    if advantage < 0, let dual, ratio > dual { return (dual * advantage, 0, .dual) }
    return (ratio * advantage, ratio * advantage, .free)
  }
}
