// Ratios of sums over independent clusters, alone and two at a time, with their intervals.
//
// Every rate in this folder is Σ a / Σ b: thoughts per response (b = 1), thoughts per token (b =
// length), or the mean entropy of a kind's tokens (b = 1 per token). To compare two rates, the
// clusters of both are resampled together. So runs on the same problems are paired, and runs on
// different problems are independent.

import Foundation
import Statistics

/// Σ a / Σ b with the sums of each cluster.
public struct ClusteredRatio: Sendable {
  /// One cluster's sums.
  private struct Sums: Sendable {
    var numerator = 0.0
    var denominator = 0.0
  }

  private var clusters: [Sums] = []
  /// Σ a.
  public private(set) var numerator = 0.0
  /// Σ b.
  public private(set) var denominator = 0.0

  /// With more clusters than this, bootstrap quantiles agree with Student's to two digits, and the
  /// bootstrap would take longer than reading the file.
  static let mostDrawn = 2000

  /// Nothing added yet.
  public init() {}

  /// Adds to a cluster, an index from 0.
  public mutating func add(_ numerator: Double, per denominator: Double, cluster: Int) {
    while clusters.count <= cluster { clusters.append(Sums()) }
    clusters[cluster].numerator += numerator
    clusters[cluster].denominator += denominator
    self.numerator += numerator
    self.denominator += denominator
  }

  /// Σ a / Σ b, NaN where nothing was added.
  public var value: Double { numerator / denominator }

  /// The number of clusters that something was added to.
  public var clusterCount: Int { clusters.count { $0.denominator != 0 || $0.numerator != 0 } }

  // MARK: - Intervals

  /// Σ a / Σ b; residuals a − θ b (Cochran, Sampling Techniques, 6.3).
  public func mean(_ bootstrap: BootstrapT) -> Interval {
    let present = clusters.filter { $0.denominator != 0 || $0.numerator != 0 }
    return Self.interval(bootstrap, clusterCount: present.count) { drawn in
      var sum = Sums()
      for index in drawn {
        sum.numerator += present[index].numerator
        sum.denominator += present[index].denominator
      }
      let mean = sum.numerator / sum.denominator
      var squares = 0.0
      for index in drawn {
        let residual = present[index].numerator - mean * present[index].denominator
        squares += residual * residual
      }
      return BootstrapT.Estimate(
        value: mean, standardError: Self.error(drawn.count, squares) / abs(sum.denominator))
    }
  }

  /// This ratio minus another.
  public func difference(from base: ClusteredRatio, _ bootstrap: BootstrapT) -> Interval {
    compare(with: base, bootstrap) { own, other in (own - other, 1, 1) }
  }

  /// This ratio divided by another, with an interval made on the scale of the logarithm.
  ///
  /// Undefined if either sum of events is not above zero. With few events the interval is
  /// Student's, and wide.
  public func fold(over base: ClusteredRatio, _ bootstrap: BootstrapT) -> Interval {
    guard value > 0, base.value > 0 else { return .undefined }
    return compare(with: base, bootstrap) { own, other in
      (log(own) - log(other), 1 / own, 1 / other)
    }.map { exp($0) }
  }

  /// A function of two ratios with its two partial derivatives, the second one negated.
  private func compare(
    with base: ClusteredRatio, _ bootstrap: BootstrapT,
    _ function: (Double, Double) -> (value: Double, own: Double, other: Double)
  ) -> Interval {
    let empty = Sums()
    var pairs: [(own: Sums, other: Sums)] = []
    for index in 0..<max(clusters.count, base.clusters.count) {
      let own = index < clusters.count ? clusters[index] : empty
      let other = index < base.clusters.count ? base.clusters[index] : empty
      if own.denominator != 0 || other.denominator != 0 { pairs.append((own, other)) }
    }
    return Self.interval(bootstrap, clusterCount: pairs.count) { drawn in
      var (own, other) = (Sums(), Sums())
      for index in drawn {
        own.numerator += pairs[index].own.numerator
        own.denominator += pairs[index].own.denominator
        other.numerator += pairs[index].other.numerator
        other.denominator += pairs[index].other.denominator
      }
      let (mean, otherMean) = (
        own.numerator / own.denominator, other.numerator / other.denominator
      )
      let (value, slope, otherSlope) = function(mean, otherMean)
      let (weight, otherWeight) = (slope / own.denominator, otherSlope / other.denominator)
      var squares = 0.0
      for index in drawn {
        let pair = pairs[index]
        let residual =
          weight * (pair.own.numerator - mean * pair.own.denominator)
          - otherWeight * (pair.other.numerator - otherMean * pair.other.denominator)
        squares += residual * residual
      }
      return BootstrapT.Estimate(value: value, standardError: Self.error(drawn.count, squares))
    }
  }

  private static func interval(
    _ bootstrap: BootstrapT, clusterCount: Int, _ statistic: ([Int]) -> BootstrapT.Estimate
  ) -> Interval {
    if clusterCount <= mostDrawn {
      return bootstrap.interval(clusterCount: clusterCount, statistic: statistic)
    }
    let estimate = statistic(Array(0..<clusterCount))
    guard estimate.value.isFinite, estimate.standardError.isFinite else {
      return Interval(withoutInterval: estimate.value)
    }
    let quantile = StudentT.quantile(
      (1 + bootstrap.confidence) / 2, degrees: Double(clusterCount - 1))
    let reach = quantile * estimate.standardError
    return Interval(
      estimate: estimate.value, low: estimate.value - reach, high: estimate.value + reach)
  }

  /// √(C/(C − 1) Σ z²); infinite for one cluster, which has no standard error.
  private static func error(_ clusterCount: Int, _ squares: Double) -> Double {
    clusterCount < 2
      ? .infinity : (squares * Double(clusterCount) / Double(clusterCount - 1)).squareRoot()
  }
}
