// The distribution of a randomly weighted mean, from which intervals of means between two bounds come.

/// The random mean Σ D_i s_i / Σ D_i n_i of clusters with sums s_i and sizes n_i, where the weights
/// D follow a flat Dirichlet distribution.
struct DirichletMean {
  /// One cluster: its sum and its size, which is positive.
  struct Cluster {
    let sum: Double
    let size: Double
  }

  let clusters: [Cluster]

  /// The probability that the mean is at most `value`.
  ///
  /// It is so where Σ E_i (s_i − value · n_i) ≤ 0 for independent exponential variables E_i. Take one
  /// term above 0 and one below. The larger one cancels the other, the first with probability a/(a +
  /// b) where a and b are their distances, and what is left of it is exponential again. So with i
  /// terms above and j below P(i, j) = (a P(i, j−1) + b P(i−1, j))/(a + b): weighted means alone,
  /// which lose no digits (Varsi, Pacific Journal of Mathematics 46, 1973). The cost is the number
  /// of terms above times that below.
  func probability(atMost value: Double) -> Double {
    let distances = clusters.map { $0.sum - value * $0.size }
    let below = distances.filter { $0 <= 0 }.map { -$0 }
    var probabilities = [Double](repeating: 1, count: below.count)
    for above in distances where above > 0 {
      var oneFewer = 0.0
      for (index, distance) in below.enumerated() {
        oneFewer = (above * oneFewer + distance * probabilities[index]) / (above + distance)
        probabilities[index] = oneFewer
      }
    }
    return probabilities.last ?? 0
  }

  /// The value that the mean exceeds with probability 1 − `probability`, to 11 digits of a range
  /// that encloses it: regula falsi, halving the weight of an end that stays (Illinois).
  func quantile(_ probability: Double, within range: ClosedRange<Double>) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    var below = self.probability(atMost: low) - probability
    var above = self.probability(atMost: high) - probability
    guard below < 0, above > 0 else { return below < 0 ? high : low }
    let tolerance = 1e-11 * (high - low)
    var wasBelow: Bool?
    // Ten steps are usual. Where the distribution is steep, halving takes over.
    for step in 0..<100 where high - low > tolerance {
      let middle = step < 30 ? (low * above - high * below) / (above - below) : (low + high) / 2
      let excess = self.probability(atMost: middle) - probability
      if abs(excess) < 1e-12 { return middle }
      let isBelow = excess < 0
      if isBelow {
        (low, below) = (middle, excess)
        if wasBelow == true { above /= 2 }
      } else {
        (high, above) = (middle, excess)
        if wasBelow == false { below /= 2 }
      }
      wasBelow = isBelow
    }
    return low + (high - low) / 2
  }
}
