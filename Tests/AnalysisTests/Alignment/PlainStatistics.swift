// The statistics of batch vectors by plain loops over the vectors themselves.
import Analysis
import Statistics
import TestSupport
import Testing

/// Vectors by name and batch, and the gradient of the efficiencies.
///
/// With a_k the vector of batch k of K: S_ab = Σ_{k≠l} <a_k, b_l> / K(K−1), T_a = Σ_k |a_k|² / K;
/// reliability S_aa/T_a, corrected cosine S_ab/√(S_aa S_bb), drift share S_DD/(S_CC + S_DD), efficiency
/// (S_uG/√S_uu)/(S_RG/√S_RR) and with T in the place of S_uu and S_RR. Intervals leave one batch out
/// at a time: θ ± t √((K−1)/K Σ (θ_(k) − mean)²). A ratio n/d by a signal has those θ with
/// |n − θ d| ≤ t se(n − θ d).
struct PlainStatistics {
  let vectors: [String: [[Double]]]
  /// R, RL with all tokens.
  let reference: [[Double]]
  let gradient: [[Double]]
  /// Whether `gradient` is of other rollouts than the vectors.
  var isHeldOut = false

  /// Student's t with 7 degrees of freedom at 97.5%, from printed tables.
  private static let quantile = 2.364624

  /// A value with the interval's half width.
  private struct Estimate {
    let value: Double
    let reach: Double
  }

  private func signal(_ a: [[Double]], _ b: [[Double]], _ batches: [Int]) -> Double {
    var sum = 0.0
    for k in batches { for l in batches where k != l { sum += dot(a[k], b[l]) } }
    return sum / Double(batches.count * (batches.count - 1))
  }

  private func total(_ a: [[Double]], _ b: [[Double]], _ batches: [Int]) -> Double {
    batches.reduce(0) { $0 + dot(a[$1], b[$1]) } / Double(batches.count)
  }

  private func estimate(_ statistic: ([Int]) -> Double) -> Estimate {
    let all = Array(gradient.indices)
    let rest = all.map { omitted in statistic(all.filter { $0 != omitted }) }
    let count = Double(all.count)
    let mean = rest.reduce(0, +) / count
    let spread = rest.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Estimate(
      value: statistic(all), reach: Self.quantile * ((count - 1) / count * spread).squareRoot())
  }

  /// Compares every published statistic. Products are good to 1e-8 (see `productsOfBatchVectors`),
  /// and the difference of large products in S takes three digits off; the quantile has seven.
  func expect(_ statistics: UpdateStatistics, _ metric: String) {
    let tolerance = 1e-5
    func compare(_ interval: Interval, _ name: String, _ statistic: ([Int]) -> Double) {
      let expected = estimate(statistic)
      let scale = max(abs(expected.value), expected.reach.isNaN ? 0 : expected.reach)
      expectClose(
        interval.estimate, expected.value, absolute: tolerance * scale, "\(metric), \(name)")
      guard expected.reach.isFinite else { return }
      expectClose(
        [interval.low, interval.high],
        [expected.value - expected.reach, expected.value + expected.reach],
        absolute: 10 * tolerance * scale, "\(metric), interval of \(name)")
    }

    func compareRatio(
      _ interval: Interval, _ name: String, _ numerator: ([Int]) -> Double,
      to denominator: ([Int]) -> Double
    ) {
      let (n, d) = (estimate(numerator).value, estimate(denominator).value)
      if d > 0 {
        expectClose(
          interval.estimate, n / d, absolute: 10 * tolerance * (1 + abs(n / d)),
          "\(metric), \(name)")
      } else {
        #expect(interval.estimate.isNaN, "\(metric), \(name)")
      }
      // Bounded if d is more than t standard errors, and then the test is just passed at both ends.
      let length = estimate(denominator)
      guard abs(d) > 0, abs(abs(d) / length.reach - 1) > 1e-3 else { return }
      #expect(interval.isUnbounded == (d < length.reach), "\(metric), bounds of \(name)")
      for end in [interval.low, interval.high] where end.isFinite {
        let residual = estimate { numerator($0) - end * denominator($0) }
        expectClose(
          abs(residual.value), residual.reach,
          absolute: 100 * tolerance * (abs(n) + abs(end * d) + residual.reach),
          "\(metric), interval of \(name)")
      }
    }
    func length(_ a: [[Double]], _ batches: [Int]) -> Double {
      max(0, signal(a, a, batches)).squareRoot()
    }
    func norm(_ a: [[Double]], _ batches: [Int]) -> Double { total(a, a, batches).squareRoot() }

    /// S_uG, over all pairs of batches where G is of other rollouts.
    func gain(_ u: [[Double]], _ batches: [Int]) -> Double {
      guard isHeldOut else { return signal(u, gradient, batches) }
      var sum = 0.0
      for k in batches { for l in batches { sum += dot(u[k], gradient[l]) } }
      return sum / Double(batches.count * batches.count)
    }
    for vector in statistics.vectors {
      let u = vectors[vector.name] ?? []
      compare(vector.signal, "S of \(vector.name)") { signal(u, u, $0) }
      compare(vector.total, "T of \(vector.name)") { total(u, u, $0) }
      compare(vector.reliability, "reliability of \(vector.name)") {
        signal(u, u, $0) / total(u, u, $0)
      }
      guard vector.name != "RL" || metric.hasSuffix("masked") else {
        #expect(vector.efficiency == Interval(estimate: 1, low: 1, high: 1))
        continue
      }
      compareRatio(vector.efficiency, "efficiency of \(vector.name)") {
        gain(u, $0) * length(reference, $0)
      } to: {
        gain(reference, $0) * length(u, $0)
      }
      compareRatio(vector.batchEfficiency, "batch efficiency of \(vector.name)") {
        gain(u, $0) * norm(reference, $0)
      } to: {
        gain(reference, $0) * norm(u, $0)
      }
    }
    for pair in statistics.pairs {
      let (u, v) = (vectors[pair.first] ?? [], vectors[pair.second] ?? [])
      let name = "\(pair.first), \(pair.second)"
      compare(pair.sameBatchCosine, "same batch, \(name)") {
        total(u, v, $0) / (total(u, u, $0) * total(v, v, $0)).squareRoot()
      }
      compare(pair.crossBatchCosine, "other batch, \(name)") {
        signal(u, v, $0) / (total(u, u, $0) * total(v, v, $0)).squareRoot()
      }
      compareRatio(pair.correctedCosine, "corrected, \(name)") {
        signal(u, v, $0)
      } to: {
        length(u, $0) * length(v, $0)
      }
    }
    for (space, share) in [
      ("m", statistics.driftShareMarginal), ("c", statistics.driftShareConditional),
    ] {
      let (c, d) = (vectors["C_" + space] ?? [], vectors["D_" + space] ?? [])
      compareRatio(share, "drift share \(space)") {
        signal(d, d, $0)
      } to: {
        signal(c, c, $0) + signal(d, d, $0)
      }
    }
  }
}
