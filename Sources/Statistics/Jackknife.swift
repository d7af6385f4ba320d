// The delete-one-batch jackknife: intervals of statistics made of products between batches.
//
// Batches are never resampled with replacement here: a batch drawn twice would be multiplied with
// itself as if with another batch, which inflates every S.

/// Intervals from the K values of a statistic that each leave one batch out.
public enum Jackknife {
  /// estimate ± t_{K−1} √((K−1)/K Σ (θ₍ₖ₎ − mean)²), θ₍ₖ₎ the value without batch k
  /// (Efron and Tibshirani, 11.5).
  ///
  /// NaN where K < 2 or any value is not finite.
  public static func interval(
    estimate: Double, deleteOne values: [Double], confidence: Double = 0.95
  ) -> Interval {
    let count = Double(values.count)
    guard values.count > 1, estimate.isFinite, values.allSatisfy(\.isFinite) else {
      return Interval(withoutInterval: estimate)
    }
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = ((count - 1) / count * squares).squareRoot()
    let reach = StudentT.quantile((1 + confidence) / 2, degrees: count - 1) * error
    return Interval(estimate: estimate, low: estimate - reach, high: estimate + reach)
  }

  /// The set of ratios that the data do not contradict (Fieller, J. R. Stat. Soc. B 16, 1954): those
  /// θ with |n − θ d| ≤ t_{K−1} se(n − θ d), for a numerator n and a denominator d with the jackknife's
  /// variances.
  ///
  /// It covers the true ratio also where d may be 0, for n − θ d has no denominator. There the set is
  /// not bounded: its ends are −∞ and ∞, also where a gap between two half-lines is left out. The
  /// estimate n/d is NaN where d is not positive. NaN ends as in `interval`.
  public static func ratio(
    numerator: Double, denominator: Double,
    deleteOne values: [(numerator: Double, denominator: Double)], confidence: Double = 0.95
  ) -> Interval {
    let estimate = denominator > 0 ? numerator / denominator : .nan
    let all = [numerator, denominator] + values.flatMap { [$0.numerator, $0.denominator] }
    guard values.count > 1, all.allSatisfy(\.isFinite) else {
      return Interval(withoutInterval: estimate)
    }
    let count = Double(values.count)
    let quantile = StudentT.quantile((1 + confidence) / 2, degrees: count - 1)
    func covariance(_ x: [Double], _ y: [Double]) -> Double {
      let means = (x.reduce(0, +) / count, y.reduce(0, +) / count)
      let products = zip(x, y).reduce(0) { $0 + ($1.0 - means.0) * ($1.1 - means.1) }
      return (count - 1) / count * quantile * quantile * products
    }
    let (n, d) = (values.map(\.numerator), values.map(\.denominator))
    // a θ² − 2 b θ + c ≤ 0
    let a = denominator * denominator - covariance(d, d)
    let b = numerator * denominator - covariance(n, d)
    let c = numerator * numerator - covariance(n, n)
    guard a > 0, denominator > 0 else {
      return Interval(estimate: estimate, low: -.infinity, high: .infinity)
    }
    let reach = max(0, b * b - a * c).squareRoot() / a
    return Interval(estimate: estimate, low: b / a - reach, high: b / a + reach)
  }
}
