// The clipped policy-gradient loss of one token and its closed-form derivative.
//
// With ratio ρ = exp(log π − log π_old) and advantage A (Schulman et al., PPO, 1707.06347, eq. 7):
//   objective = min(ρ A, clip(ρ, 1 − ε_low, 1 + ε_high) A)
//   A < 0:      objective = max(objective, c A)     dual clip (Ye et al., 1912.09729)
//   d objective / d log π = ρ A where the first branch is active, else 0
//   loss = −objective
// and through the softmax d log π(y) / d logits = onehot(y) − π, so no autograd is needed.
import RealModule
import StrictJSON

/// The limits of the ratio.
public struct ClippedSurrogate: PolicyLoss, Hashable {
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

  public init(for run: RunOutline) {
    self.init(dual: run.preset.dualClip)
  }

  /// Reads `clip_low`, `clip_high` and `dual_clip`.
  public init(reading loss: inout JSONReader, for run: RunOutline) throws(JSONValueError) {
    self.init(for: run)
    low = try loss.optionalDouble("clip_low", in: 0...1) ?? low
    high = try loss.optionalDouble("clip_high", in: 0...1e6) ?? high
    let given = loss.contains("dual_clip")
    let limit = try loss.optionalDouble("dual_clip", in: 1...1e6)
    if given { dual = limit }  // null takes the preset's limit away
  }

  public var json: JSONObject {
    [
      "clip_low": .real(low), "clip_high": .real(high),
      "dual_clip": dual.map { .real($0) } ?? .null,
    ]
  }

  public static let metrics = [
    LossMetric("clip_ratio/low_mean", "share of tokens held by the lower limit of the ratio"),
    LossMetric("clip_ratio/high_mean", "share of tokens held by the upper limit of the ratio"),
  ]

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

  public func terms(_ tokens: LossTokens) -> LossTerms {
    let count = tokens.logProbabilities.count
    var terms = LossTerms(metricCount: Self.metrics.count, tokenCount: count)
    for t in 0..<count {
      let weight = tokens.weights[t]
      let token = token(
        advantage: tokens.advantages[t], logProbability: tokens.logProbabilities[t],
        old: tokens.old[t])
      terms.loss -= weight * token.objective
      terms.coefficients.append(-weight * token.slope)
      if weight != 0, token.region == .low { terms.sums[0] += 1 }
      if weight != 0, token.region == .high { terms.sums[1] += 1 }
    }
    return terms
  }
}
