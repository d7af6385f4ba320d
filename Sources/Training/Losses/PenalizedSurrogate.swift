// The clipped surrogate with a penalty on the divergence from the reference, and PPO's metrics.
//
//   loss_t = −clipped objective of token t + β k(log π_t − log π_ref,t)
//
// The penalty acts on every token, also where the ratio is clipped. β = 0 is PPO's loss alone.
import RealModule
import StrictJSON

/// PPO's loss of one token with a KL penalty in the loss.
public struct PenalizedSurrogate: PolicyLoss, Hashable {
  public var clip: ClippedSurrogate
  /// β, at least 0; 0 needs no reference.
  public var penalty = 0.0
  public var estimator = KLEstimator.k2

  public init(for run: RunOutline) {
    clip = ClippedSurrogate(for: run)
    if let high = run.preset.clipHigh { clip.high = high }
  }

  /// Reads `clip_low`, `clip_high`, `dual_clip`, `kl_coef` and `kl_estimator`.
  public init(reading loss: inout JSONReader, for run: RunOutline) throws(JSONValueError) {
    self.init(for: run)
    let defaults = clip
    clip = try ClippedSurrogate(reading: &loss, for: run)
    if !loss.contains("clip_high") { clip.high = defaults.high }
    penalty = try loss.optionalDouble("kl_coef", in: 0...1e6) ?? penalty
    estimator = try loss.optionalChoice("kl_estimator") ?? estimator
  }

  public var json: JSONObject {
    var object = clip.json
    object["kl_coef"] = .real(penalty)
    object["kl_estimator"] = .string(estimator.rawValue)
    return object
  }

  public var usesReference: Bool { penalty > 0 }
  public var movesWithoutAdvantage: Bool { penalty > 0 }

  public static let metrics = [
    LossMetric(
      "policy/approxkl_avg", units: "nat",
      "mean of half the squared log-ratio to the policy that sampled"),
    LossMetric("policy/clipfrac_avg", "share of tokens held by a limit of the ratio"),
    LossMetric("val/ratio", "mean ratio of the policy to the one that sampled"),
    LossMetric("loss/kl", units: "nat", "mean of the penalty's estimator of the KL to the base"),
  ]

  public func terms(_ tokens: LossTokens) -> LossTerms {
    let count = tokens.logProbabilities.count
    var terms = LossTerms(metricCount: Self.metrics.count, tokenCount: count)
    for t in 0..<count {
      let weight = tokens.weights[t]
      let (new, old) = (tokens.logProbabilities[t], tokens.old[t])
      let token = clip.token(advantage: tokens.advantages[t], logProbability: new, old: old)
      terms.loss -= weight * token.objective
      var slope = -token.slope
      let logRatio = usesReference ? new - tokens.reference[t] : 0
      if usesReference {
        terms.loss += weight * penalty * estimator.value(logRatio)
        slope += penalty * estimator.slope(logRatio)
      }
      terms.coefficients.append(weight * slope)
      guard weight != 0 else { continue }
      terms.sums[0] += (new - old) * (new - old) / 2
      terms.sums[1] += token.region == .free ? 0 : 1
      terms.sums[2] += Double.exp(new - old)
      terms.sums[3] += usesReference ? estimator.value(logRatio) : 0
    }
    return terms
  }
}
