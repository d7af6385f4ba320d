// The studentised bootstrap over independent clusters.
//
// Left out: percentile and BCa intervals. On skewed data the percentile interval covers about 93%
// at 24 clusters; dividing each replicate by its own standard error removes most of that error
// (Efron and Tibshirani, An Introduction to the Bootstrap, 12.5).
import KeyedRandom

/// A bootstrap-t: clusters are drawn with replacement, each replicate's distance from the estimate
/// is measured in the replicate's own standard errors, and the quantiles of these ratios replace
/// Student's. The same key gives the same interval.
public struct BootstrapT: Sendable {
  /// A statistic of some clusters with its standard error.
  public struct Estimate: Sendable {
    /// The statistic.
    public let value: Double
    /// Its standard error, by linearisation over the same clusters.
    public let standardError: Double

    /// A statistic and its standard error.
    public init(value: Double, standardError: Double) {
      self.value = value
      self.standardError = standardError
    }
  }

  /// With fewer clusters, too many draws repeat one cluster, and the replicates' standard errors
  /// are meaningless. Then Student's t with (clusters − 1) degrees of freedom is used.
  public static let fewestClusters = 8

  /// The number of replicates B.
  public let replicates: Int
  /// The level of the interval, 0.95 for the published ones.
  public let confidence: Double
  /// The stream that draws the clusters.
  public let key: RandomKey

  /// A bootstrap with the random numbers of a key. Derive one key per statistic if their random
  /// numbers must differ.
  public init(key: RandomKey, replicates: Int = 2000, confidence: Double = 0.95) {
    precondition(replicates > 0, "a bootstrap needs replicates")
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    self.replicates = replicates
    self.confidence = confidence
    self.key = key
  }

  /// The interval of a statistic of `clusterCount` clusters.
  ///
  /// With 1 cluster, or with zero standard error, it is NaN; with fewer than `fewestClusters`, or
  /// where the replicates' quantiles are not finite (rare events, present in few clusters), it is
  /// Student's with clusterCount − 1 degrees of freedom.
  /// - Parameter statistic: called with the indices of the drawn clusters, repeats included; the
  ///   estimate itself is its value at 0..<clusterCount.
  public func interval(clusterCount: Int, statistic: ([Int]) -> Estimate) -> Interval {
    var drawn = Array(0..<clusterCount)
    let estimate = statistic(drawn)
    let error = estimate.standardError
    // Clusters that agree exactly have no spread, which gives no interval, rather than one of width
    // 0.
    if clusterCount < 2 || !estimate.value.isFinite || !error.isFinite || error == 0 {
      return Interval(withoutInterval: estimate.value)
    }
    let tail = (1 - confidence) / 2
    var lower = StudentT.quantile(tail, degrees: Double(clusterCount - 1))
    var upper = -lower
    if clusterCount >= Self.fewestClusters {
      var generator = key.generator()
      var ratios = [Double]()
      ratios.reserveCapacity(replicates)
      for _ in 0..<replicates {
        for index in drawn.indices { drawn[index] = generator.uniform(below: clusterCount) }
        let replicate = statistic(drawn)
        let distance = replicate.value - estimate.value
        // A replicate without spread is infinitely many standard errors away, with the sign of its
        // distance.
        let ratio = distance == 0 ? 0 : distance / replicate.standardError
        if !ratio.isNaN { ratios.append(ratio) }
      }
      ratios.sort()
      let quantiles = (Self.quantile(ratios, tail), Self.quantile(ratios, 1 - tail))
      if quantiles.0.isFinite, quantiles.1.isFinite, ratios.count == replicates {
        (lower, upper) = quantiles
      }
    }
    // The ends swap: the upper quantile of (θ* − θ)/se* bounds θ from below.
    return Interval(
      estimate: estimate.value, low: estimate.value - upper * error,
      high: estimate.value - lower * error)
  }

  /// The quantile at rank (B + 1)·p of sorted numbers, interpolated between neighbours.
  static func quantile(_ sorted: [Double], _ probability: Double) -> Double {
    guard let first = sorted.first, let last = sorted.last else { return .nan }
    let rank = Double(sorted.count + 1) * probability - 1
    if rank <= 0 { return first }
    let below = Int(rank)
    if below + 1 >= sorted.count { return last }
    let (left, right) = (sorted[below], sorted[below + 1])
    return left == right ? left : left + (rank - Double(below)) * (right - left)
  }
}
