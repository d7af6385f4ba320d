// What a step of an actor-critic run reports beside its loss, under TRL's and verl's names.
import Statistics

/// Means over the batch before its first update, and over the updates of the critic.
package struct ActorCriticMetrics {
  var divergence = 0.0
  var score = 0.0
  var otherReward = 0.0
  var advantageDeviation = 0.0
  var valueLoss = 0.0
  var clippedShare = 0.0
  var valueMean = 0.0
  var returnMean = 0.0
  var explainedVariance = Interval.undefined
  var gradientNorm = 0.0

  private typealias Entry = (metric: LossMetric, value: @Sendable (ActorCriticMetrics) -> Double)

  private static let common: [Entry] = [
    (
      LossMetric(
        "objective/kl", units: "nat", "mean over responses of the estimated KL to the base"),
      { $0.divergence }
    ),
    (LossMetric("objective/scores", "mean score of the responses"), { $0.score }),
    (
      LossMetric(
        "objective/non_score_reward",
        "mean over responses of the rewards of tokens beside the score"),
      { $0.otherReward }
    ),
    (
      LossMetric("objective/rlhf_reward", "mean over responses of the sum of all rewards"),
      { $0.score + $0.otherReward }
    ),
    (
      LossMetric(
        "policy/advantages_std", "standard deviation of the advantages before whitening"),
      { $0.advantageDeviation }
    ),
  ]

  private static let ofCritic: [Entry] = [
    (LossMetric("loss/value_avg", "mean value loss over the updates"), { $0.valueLoss }),
    (
      LossMetric("val/clipfrac_avg", "share of tokens held by the limit of the value"),
      { $0.clippedShare }
    ),
    (LossMetric("critic/vpred_mean", "mean value before the updates"), { $0.valueMean }),
    (LossMetric("critic/returns_mean", "mean return"), { $0.returnMean }),
    (
      LossMetric(
        "critic/vf_explained_var",
        "share of the variance of returns that the values explain, over the whole batch"),
      { $0.explainedVariance.estimate }
    ),
    (
      LossMetric("critic/vf_explained_var_low", "lower end of its 95% interval over problems"),
      { $0.explainedVariance.low }
    ),
    (
      LossMetric("critic/vf_explained_var_high", "upper end of its 95% interval over problems"),
      { $0.explainedVariance.high }
    ),
    (
      LossMetric("critic/grad_norm", "norm of the critic's gradient before clipping"),
      { $0.gradientNorm }
    ),
  ]

  private static func entries(hasCritic: Bool) -> [Entry] {
    hasCritic ? common + ofCritic : common
  }

  static func list(hasCritic: Bool) -> [LossMetric] { entries(hasCritic: hasCritic).map(\.metric) }

  func values(hasCritic: Bool) -> [Double] {
    Self.entries(hasCritic: hasCritic).map { $0.value(self) }
  }

  /// 1 − Var(R − V) / Var(R) over all tokens of a batch, with the jackknife's interval over problems.
  ///
  /// Mean of chunks would be another number: a chunk's variance leaves out that between chunks.
  ///
  /// - Parameters:
  ///   - groups: For each problem its tokens' values V and returns R.
  /// - Returns: NaN where all returns are equal.
  package static func explainedVariance(
    _ groups: [(values: [Double], returns: [Double])]
  ) -> Interval {
    let parts = groups.map { group in
      Moments(residuals: zip(group.returns, group.values).map { $0 - $1 }, returns: group.returns)
    }
    let whole = parts.reduce(Moments(), +)
    return Jackknife.interval(
      estimate: whole.explained, deleteOne: parts.map { (whole - $0).explained })
  }

  /// Sums over tokens.
  private struct Moments {
    var count = 0.0
    var residual = (sum: 0.0, squares: 0.0)
    var target = (sum: 0.0, squares: 0.0)

    init() {}

    init(residuals: [Double], returns: [Double]) {
      count = Double(returns.count)
      residual = (residuals.reduce(0, +), residuals.reduce(0) { $0 + $1 * $1 })
      target = (returns.reduce(0, +), returns.reduce(0) { $0 + $1 * $1 })
    }

    private func combined(_ other: Moments, sign: Double) -> Moments {
      var result = self
      result.count += sign * other.count
      result.residual.sum += sign * other.residual.sum
      result.residual.squares += sign * other.residual.squares
      result.target.sum += sign * other.target.sum
      result.target.squares += sign * other.target.squares
      return result
    }

    static func + (a: Moments, b: Moments) -> Moments { a.combined(b, sign: 1) }
    static func - (a: Moments, b: Moments) -> Moments { a.combined(b, sign: -1) }

    var explained: Double {
      let variance = target.squares - target.sum * target.sum / count
      // What rounding leaves of equal returns is no variance.
      guard variance > 1e-12 * max(target.squares, 1e-300) else { return .nan }
      return 1 - (residual.squares - residual.sum * residual.sum / count) / variance
    }
  }
}
