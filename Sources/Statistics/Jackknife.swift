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
}
