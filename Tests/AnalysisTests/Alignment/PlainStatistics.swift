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
/// at a time: θ ± t √((K−1)/K Σ (θ_(k) − mean)²).
struct PlainStatistics {
  let vectors: [String: [[Double]]]
  let gradient: [[Double]]

  /// Student's t with 7 degrees of freedom at 97.5%, from printed tables.
  private static let quantile = 2.364624

  /// A value with the interval's half width.
  private struct Estimate {
    let value: Double
    let reach: Double
    var isAboveZero: Bool { value - reach > 0 }
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

  /// Whether S_aa is told from noise: its interval lies above zero.
  private func isSignal(_ a: [[Double]]) -> Bool { estimate { signal(a, a, $0) }.isAboveZero }

  /// Compares every published statistic. Products are good to 1e-8 (see `productsOfBatchVectors`),
  /// and the difference of large products in S takes three digits off; the quantile has seven.
  func expect(_ statistics: UpdateStatistics, _ metric: String) {
    let tolerance = 1e-5
    func compare(
      _ interval: Interval, defined: Bool = true, _ name: String, _ statistic: ([Int]) -> Double
    ) {
      guard defined else {
        #expect(interval.estimate.isNaN, "\(metric), \(name) is not told from noise")
        return
      }
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

    let reference = vectors["RL"] ?? []
    let hasReference = isSignal(reference)
    let gain = estimate { signal(reference, gradient, $0) }
    for vector in statistics.vectors {
      let u = vectors[vector.name] ?? []
      compare(vector.signal, "S of \(vector.name)") { signal(u, u, $0) }
      compare(vector.total, "T of \(vector.name)") { total(u, u, $0) }
      compare(vector.reliability, "reliability of \(vector.name)") {
        signal(u, u, $0) / total(u, u, $0)
      }
      compare(
        vector.efficiency, defined: isSignal(u) && hasReference && gain.isAboveZero,
        "efficiency of \(vector.name)"
      ) {
        signal(u, gradient, $0) / signal(u, u, $0).squareRoot()
          / (signal(reference, gradient, $0) / signal(reference, reference, $0).squareRoot())
      }
      compare(
        vector.batchEfficiency, defined: gain.isAboveZero, "batch efficiency of \(vector.name)"
      ) {
        signal(u, gradient, $0) / total(u, u, $0).squareRoot()
          / (signal(reference, gradient, $0) / total(reference, reference, $0).squareRoot())
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
      compare(
        pair.correctedCosine, defined: isSignal(u) && isSignal(v), "corrected, \(name)"
      ) {
        signal(u, v, $0) / (signal(u, u, $0).squareRoot() * signal(v, v, $0).squareRoot())
      }
    }
    for (space, share) in [
      ("m", statistics.driftShareMarginal), ("c", statistics.driftShareConditional),
    ] {
      let (c, d) = (vectors["C_" + space] ?? [], vectors["D_" + space] ?? [])
      compare(
        share,
        defined: estimate { signal(c, c, $0) + signal(d, d, $0) }.isAboveZero,
        "drift share \(space)"
      ) { signal(d, d, $0) / (signal(c, c, $0) + signal(d, d, $0)) }
    }
  }
}
