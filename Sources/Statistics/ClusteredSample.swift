// Numbers grouped by the independent unit (the problem, or the cluster the data names), and the
// statistics of such a sample with intervals that resample clusters, never rollouts or tokens.
import Foundation

/// A sample reduced to what its statistics need: per cluster the count, the sum and the sum of
/// squares, centred on the grand mean so that no statistic cancels digits.
///
/// For a ratio each row has a weight (tokens, for a rate per token); otherwise weights are 1.
public struct ClusteredSample: Sendable {
  /// One cluster's sums about the grand mean μ.
  private struct Sums: Sendable {
    var weight = 0.0  // Σ w
    var deviation = 0.0  // Σ w (x − μ)
    var square = 0.0  // Σ w (x − μ)²
  }

  private var clusters: [Sums] = []
  /// The number of values kept.
  public let count: Int
  /// The weighted mean of all values, Σ w x / Σ w; NaN for an empty sample.
  public let mean: Double
  /// The smallest value; NaN for an empty sample. It has no interval.
  public let minimum: Double
  /// The largest value; NaN for an empty sample. It has no interval.
  public let maximum: Double

  /// The number of independent clusters.
  public var clusterCount: Int { clusters.count }

  /// A sample of one value per row.
  ///
  /// NaN values are left out (a cosine with a zero norm); count them separately.
  /// - Parameters:
  ///   - values: one per row.
  ///   - clusters: each row's cluster, any labels; only equality matters.
  ///   - weights: the rows' weights, for the ratio Σ w x / Σ w; nil for 1.
  public init<Label: Hashable>(
    _ values: [Double], clusters labels: [Label], weights: [Double]? = nil
  ) {
    precondition(labels.count == values.count, "one cluster label per value")
    precondition(weights == nil || weights?.count == values.count, "one weight per value")
    let kept = values.indices.filter { !values[$0].isNaN }
    func weight(_ row: Int) -> Double { weights?[row] ?? 1 }

    var total = 0.0
    var weighted = 0.0
    var smallest = Double.infinity
    var largest = -Double.infinity
    for row in kept {
      total += weight(row)
      weighted += weight(row) * values[row]
      smallest = min(smallest, values[row])
      largest = max(largest, values[row])
    }
    let centre = weighted / total
    var place: [Label: Int] = [:]
    for row in kept {
      let index = place[labels[row], default: clusters.count]
      if index == clusters.count {
        place[labels[row]] = index
        clusters.append(Sums())
      }
      let deviation = values[row] - centre
      clusters[index].weight += weight(row)
      clusters[index].deviation += weight(row) * deviation
      clusters[index].square += weight(row) * deviation * deviation
    }
    count = kept.count
    mean = centre
    minimum = kept.isEmpty ? .nan : smallest
    maximum = kept.isEmpty ? .nan : largest
  }

  // MARK: - Statistics with intervals

  /// The mean Σ s / Σ n over clusters with sums s and counts n (a ratio estimator).
  ///
  /// Standard error by linearisation: z = s − θ n, se = √(C/(C−1) Σ z²) / Σ n (Cochran, Sampling
  /// Techniques, 6.3). Fallbacks: see `BootstrapT.interval`.
  public func mean(_ bootstrap: BootstrapT) -> Interval {
    bootstrap.interval(clusterCount: clusters.count) { drawn in
      var weight = 0.0
      var deviation = 0.0
      for index in drawn {
        weight += clusters[index].weight
        deviation += clusters[index].deviation
      }
      let shift = deviation / weight  // this replicate's mean minus the grand mean
      var squares = 0.0
      for index in drawn {
        let residual = clusters[index].deviation - shift * clusters[index].weight
        squares += residual * residual
      }
      return BootstrapT.Estimate(
        value: mean + shift,
        standardError: Self.smallSample(drawn.count, squares).squareRoot() / weight)
    }
  }

  /// The standard deviation (n − 1), with an interval made on the scale of its logarithm, where
  /// it is nearer to symmetric.
  ///
  /// Linearisation: v = Σ (x−μ)²/n has residuals z = Σ_cluster ((x−μ)² − v), and
  /// se(ln sd) = se(v)/(2v). NaN for fewer than two values.
  public func standardDeviation(_ bootstrap: BootstrapT) -> Interval {
    guard count > 1 else { return .undefined }
    let bias = (Double(count) / Double(count - 1)).squareRoot()
    let logarithm = bootstrap.interval(clusterCount: clusters.count) { drawn in
      var weight = 0.0
      var deviation = 0.0
      var square = 0.0
      for index in drawn {
        weight += clusters[index].weight
        deviation += clusters[index].deviation
        square += clusters[index].square
      }
      let shift = deviation / weight
      let variance = max(0, square / weight - shift * shift)
      var squares = 0.0
      for index in drawn {
        let cluster = clusters[index]
        // Σ (x − μ*)² of the cluster, minus its part of the variance.
        let own = cluster.square - 2 * shift * cluster.deviation + shift * shift * cluster.weight
        let residual = own - variance * cluster.weight
        squares += residual * residual
      }
      let error = Self.smallSample(drawn.count, squares).squareRoot() / weight
      return BootstrapT.Estimate(
        value: 0.5 * log(variance), standardError: error / (2 * variance))
    }
    // No spread at all: ln 0 has no interval, but the standard deviation is exactly 0.
    if logarithm.estimate == -.infinity {
      return Interval(withoutInterval: 0)
    }
    return logarithm.map { bias * exp($0) }
  }

  /// The fraction of ones in a sample of zeros and ones, with Korn and Graubard's interval (Survey
  /// Methodology 24, 1998): Clopper-Pearson with the effective sample size p(1 − p)/se².
  ///
  /// A bootstrap is unsuitable here: with a fraction of 1% many replicates have no ones at all.
  /// Where no value differs, the effective size is the number of clusters, so that "none in 50
  /// problems" reads 0 to 7%, not 0 to 0. With one cluster the interval is NaN.
  public func fraction(confidence: Double = 0.95) -> Interval {
    let estimate = mean
    precondition(
      count == 0 || (minimum >= 0 && maximum <= 1), "a fraction is a mean of zeros and ones")
    guard clusters.count > 1 else { return Interval(withoutInterval: estimate) }
    let clusterCount = Double(clusters.count)
    let variance = estimate * (1 - estimate)
    var size = clusterCount
    if variance > 0 {
      let squares = clusters.reduce(0) { $0 + $1.deviation * $1.deviation }
      let total = clusters.reduce(0) { $0 + $1.weight }
      let errorSquared = Self.smallSample(clusters.count, squares) / (total * total)
      // (t_{n−1}/t_{C−1})² accounts for estimating se from C clusters; never more than n values.
      let tail = (1 + confidence) / 2
      let inflation =
        StudentT.quantile(tail, degrees: Double(count - 1))
        / StudentT.quantile(tail, degrees: clusterCount - 1)
      size = min(Double(count), variance / errorSquared * inflation * inflation)
    }
    let tail = (1 - confidence) / 2
    let ones = estimate * size
    let zeros = size - ones
    return Interval(
      estimate: estimate,
      low: estimate <= 0 ? 0 : IncompleteBeta.inverse(tail, ones, zeros + 1),
      high: estimate >= 1 ? 1 : IncompleteBeta.inverse(1 - tail, ones + 1, zeros))
  }

  /// The mean of values between two bounds, with an interval that stays between them and widens
  /// smoothly as the values gather at one of them (Gaffke, 2005; Learned-Miller and Thomas, arXiv
  /// 1905.06208).
  ///
  /// The upper end is the upper quantile of a mean with random weights (a flat Dirichlet
  /// distribution) over the clusters and one more of mean size that lies at the upper bound: what a
  /// cluster not seen could be. The lower end mirrors it. For zeros and ones in clusters of one
  /// value this is Clopper and Pearson's interval; a bootstrap in its place would take values that
  /// all lie near 1 for proof that no others exist. Coverage is at least nominal in every case that
  /// is known, without a proof for all. With one cluster the interval is NaN. More than 2,000 clusters
  /// are put together in groups, since the cost grows with the square of their number.
  /// - Parameter bounds: the values' possible range, in which all of them lie.
  public func mean(within bounds: ClosedRange<Double>, confidence: Double = 0.95) -> Interval {
    precondition(
      count == 0 || (minimum >= bounds.lowerBound && maximum <= bounds.upperBound),
      "the values lie within their bounds")
    guard clusters.count > 1 else { return Interval(withoutInterval: mean) }
    let seen = merged(atMost: 2000).map {
      DirichletMean.Cluster(sum: $0.deviation + mean * $0.weight, size: $0.weight)
    }
    let size = seen.reduce(0) { $0 + $1.size } / Double(seen.count)
    func end(_ bound: Double, _ probability: Double) -> Double {
      DirichletMean(clusters: seen + [DirichletMean.Cluster(sum: bound * size, size: size)])
        .quantile(probability, within: bounds)
    }
    let tail = (1 - confidence) / 2
    return Interval(
      estimate: mean,
      low: minimum == bounds.lowerBound && maximum == minimum
        ? bounds.lowerBound : end(bounds.lowerBound, tail),
      high: maximum == bounds.upperBound && maximum == minimum
        ? bounds.upperBound : end(bounds.upperBound, 1 - tail))
  }

  /// The clusters, or so many groups of them, which are independent of each other, too.
  private func merged(atMost count: Int) -> [Sums] {
    guard clusters.count > count else { return clusters }
    var groups = [Sums](repeating: Sums(), count: count)
    for (place, cluster) in clusters.enumerated() {
      groups[place % count].weight += cluster.weight
      groups[place % count].deviation += cluster.deviation
    }
    return groups
  }

  /// C/(C − 1) Σ z²; infinite for one cluster, which has no standard error.
  private static func smallSample(_ clusterCount: Int, _ squares: Double) -> Double {
    clusterCount < 2 ? .infinity : squares * Double(clusterCount) / Double(clusterCount - 1)
  }
}
