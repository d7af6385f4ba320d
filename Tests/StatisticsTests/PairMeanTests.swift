import KeyedRandom
import Statistics
import TestSupport
import Testing

@Suite struct PairMeanTests {
  /// Rows m_i and columns c_j of `problems` × `each` samples in 4 dimensions: m = δ + problem
  /// effect + own noise, and c shares the problem effect, as the gradients of one y do.
  static func matrix(problems: Int, each: Int, key: RandomKey) -> (values: [Double], labels: [Int])
  {
    var generator = key.generator()
    var labels: [Int] = []
    var rows: [SIMD4<Double>] = []
    var columns: [SIMD4<Double>] = []
    func draw() -> SIMD4<Double> {
      SIMD4(generator.normal(), generator.normal(), generator.normal(), generator.normal())
    }
    let centre = SIMD4<Double>(0.8, 0, 0, 0)
    for problem in 0..<problems {
      let effect = draw()
      for _ in 0..<each {
        labels.append(problem)
        rows.append(centre + effect + 0.5 * draw())
        columns.append(centre + effect + 0.5 * draw())
      }
    }
    return (rows.flatMap { row in columns.map { (row * $0).sum() } }, labels)
  }

  @Test func otherProblemIntervalCoversAtItsNominalRate() {
    // Problems are independent, so E <m_p, c_q> = |δ|² = 0.64 for p != q.
    let rate = coverage(of: 0.64, trials: 500, seed: 21) { key in
      let (values, labels) = Self.matrix(problems: 24, each: 2, key: key.derive(1))
      return PairMean(values: values, rows: labels, columns: labels) {
        labels[$0] != labels[$1]
      }.interval(BootstrapT(key: key.derive(2), replicates: 300))
    }
    #expect((0.91...0.985).contains(rate), "coverage \(rate)")
  }

  @Test func sameProblemPairsAreAnOrdinaryClusteredMean() {
    let (values, labels) = Self.matrix(problems: 12, each: 3, key: RandomKey(seed: 2))
    let bootstrap = BootstrapT(key: RandomKey(seed: 3), replicates: 300)
    let pairs = PairMean(values: values, rows: labels, columns: labels) {
      labels[$0] == labels[$1]
    }
    var own: [Double] = []
    var clusters: [Int] = []
    for (row, label) in labels.enumerated() {
      for (column, other) in labels.enumerated() where label == other {
        own.append(values[row * labels.count + column])
        clusters.append(label)
      }
    }
    let oracle = ClusteredSample(own, clusters: clusters).mean(bootstrap)
    let interval = pairs.interval(bootstrap)
    #expect(pairs.count == 12 * 9)
    expectClose(
      [interval.estimate, interval.low, interval.high],
      [oracle.estimate, oracle.low, oracle.high], relative: 1e-9)
  }

  /// With fewer than 8 clusters the interval is Student's, which shows the standard error; the
  /// oracle sums over all pairs of pairs that share a cluster.
  @Test func standardErrorIsTheSumOverDependentPairs() {
    let (values, labels) = Self.matrix(problems: 5, each: 2, key: RandomKey(seed: 4))
    let pairs = PairMean(values: values, rows: labels, columns: labels) {
      labels[$0] != labels[$1]
    }
    var cells: [(Int, Int, Double)] = []
    for row in labels.indices {
      for column in labels.indices where labels[row] != labels[column] {
        cells.append(
          (labels[row], labels[column], values[row * labels.count + column] - pairs.mean))
      }
    }
    var sum = 0.0
    for (p, q, first) in cells {
      for (r, s, second) in cells where p == r || p == s || q == r || q == s {
        sum += first * second
      }
    }
    let error = (sum * 5 / 4).squareRoot() / Double(cells.count)
    let interval = pairs.interval(BootstrapT(key: RandomKey(seed: 1)))
    expectClose(
      interval.high - interval.estimate, StudentT.quantile(0.975, degrees: 4) * error,
      relative: 1e-9)
  }

  @Test func noPairsGiveNoNumber() {
    let none = PairMean(values: [1, 2, 3, 4], rows: [0, 1], columns: [0, 1]) { _, _ in false }
    #expect(none.count == 0 && none.mean.isNaN)
    #expect(none.interval(BootstrapT(key: RandomKey(seed: 1))).low.isNaN)
  }
}
