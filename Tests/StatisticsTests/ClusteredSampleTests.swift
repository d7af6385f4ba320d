import Foundation
import KeyedRandom
import Statistics
import TestSupport
import Testing

@Suite struct ClusteredSampleTests {
  /// Skewed data: a log-normal effect per cluster times a log-normal value, 4 to 12 rows each.
  static func skewed(clusters: Int, key: RandomKey) -> (values: [Double], labels: [Int]) {
    var generator = key.generator()
    var values: [Double] = []
    var labels: [Int] = []
    for cluster in 0..<clusters {
      let effect = exp(0.5 * generator.normal())
      for _ in 0..<(4 + generator.uniform(below: 9)) {
        values.append(effect * exp(0.5 * generator.normal()))
        labels.append(cluster)
      }
    }
    return (values, labels)
  }
  static let skewedMean = exp(0.25)  // e^(σ²/2) twice, σ = 0.5
  static let skewedDeviation = (exp(1) - exp(0.5)).squareRoot()  // E x² = e^(2·0.25·2)

  @Test(arguments: [24, 50]) func meanIntervalCoversAtItsNominalRate(clusters: Int) {
    let rate = coverage(of: Self.skewedMean, trials: 1000, seed: UInt64(clusters)) { key in
      let (values, labels) = Self.skewed(clusters: clusters, key: key.derive(1))
      return ClusteredSample(values, clusters: labels)
        .mean(BootstrapT(key: key.derive(2), replicates: 400))
    }
    #expect((0.91...0.98).contains(rate), "coverage \(rate)")
  }

  /// The sample standard deviation of heavy-tailed data is the hardest case; its nominal rate is
  /// reached on the roughly normal data below, and here it must not fall far.
  @Test func standardDeviationIntervalCovers() {
    let normal = coverage(of: 2.0.squareRoot(), trials: 600, seed: 3) { key in
      var generator = key.derive(1).generator()
      var values: [Double] = []
      var labels: [Int] = []
      for cluster in 0..<30 {
        let effect = generator.normal()
        for _ in 0..<8 {
          values.append(effect + generator.normal())
          labels.append(cluster)
        }
      }
      return ClusteredSample(values, clusters: labels)
        .standardDeviation(BootstrapT(key: key.derive(2), replicates: 400))
    }
    #expect((0.91...0.985).contains(normal), "coverage \(normal)")
    let heavy = coverage(of: Self.skewedDeviation, trials: 600, seed: 4) { key in
      let (values, labels) = Self.skewed(clusters: 50, key: key.derive(1))
      return ClusteredSample(values, clusters: labels)
        .standardDeviation(BootstrapT(key: key.derive(2), replicates: 400))
    }
    #expect((0.85...0.985).contains(heavy), "coverage \(heavy)")
  }

  /// Clopper-Pearson is conservative: at least nominal, down to a share of 2%.
  @Test(arguments: [0.02, 0.3]) func fractionIntervalCovers(share: Double) {
    let rate = coverage(of: share, trials: 1000, seed: 5) { key in
      var generator = key.generator()
      var values: [Double] = []
      var labels: [Int] = []
      for cluster in 0..<40 {
        // Two out of three clusters hold all the ones: the rows of a cluster go together.
        let chance = generator.bernoulli(2.0 / 3) ? 1.5 * share : 0
        for _ in 0..<8 {
          values.append(generator.bernoulli(chance) ? 1 : 0)
          labels.append(cluster)
        }
      }
      return ClusteredSample(values, clusters: labels).fraction()
    }
    #expect((0.93...0.995).contains(rate), "coverage \(rate)")
  }

  /// An oracle that resamples the rows themselves and never forms sums per cluster.
  @Test func perClusterSumsGiveTheIntervalOfTheRowsThemselves() {
    let (values, labels) = Self.skewed(clusters: 20, key: RandomKey(seed: 9))
    let weights = values.indices.map { 1 + Double($0 % 5) }
    let bootstrap = BootstrapT(key: RandomKey(seed: 10), replicates: 300)
    let fast = ClusteredSample(values, clusters: labels, weights: weights).mean(bootstrap)
    let slow = bootstrap.interval(clusterCount: 20) { drawn in
      let groups = drawn.map { cluster in labels.indices.filter { labels[$0] == cluster } }
      let rows = groups.flatMap { $0 }
      let total = rows.reduce(0) { $0 + weights[$1] }
      let mean = rows.reduce(0) { $0 + weights[$1] * values[$1] } / total
      let squares = groups.reduce(0.0) { sum, group in
        let residual = group.reduce(0) { $0 + weights[$1] * (values[$1] - mean) }
        return sum + residual * residual
      }
      return .init(value: mean, standardError: (squares * 20 / 19).squareRoot() / total)
    }
    expectClose(
      [fast.estimate, fast.low, fast.high], [slow.estimate, slow.low, slow.high], relative: 1e-9)
    #expect(fast.low < fast.estimate && fast.estimate < fast.high)
  }

  @Test func standardDeviationMatchesItsDefinition() {
    let (values, labels) = Self.skewed(clusters: 12, key: RandomKey(seed: 11))
    let sample = ClusteredSample(values, clusters: labels)
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    expectClose(
      sample.standardDeviation(BootstrapT(key: RandomKey(seed: 1), replicates: 50)).estimate,
      (squares / Double(values.count - 1)).squareRoot(), relative: 1e-12)
    #expect(sample.minimum == values.min() && sample.maximum == values.max())
  }

  @Test func offsetDoesNotCancelDigits() {
    let (values, labels) = Self.skewed(clusters: 12, key: RandomKey(seed: 12))
    let bootstrap = BootstrapT(key: RandomKey(seed: 1), replicates: 200)
    let near = ClusteredSample(values, clusters: labels).mean(bootstrap)
    let far = ClusteredSample(values.map { $0 + 1e8 }, clusters: labels).mean(bootstrap)
    expectClose(far.high - far.low, near.high - near.low, relative: 1e-6)
  }

  @Test func sameKeyGivesTheSameBitsAndAnotherKeyDoesNot() {
    let (values, labels) = Self.skewed(clusters: 24, key: RandomKey(seed: 13))
    let sample = ClusteredSample(values, clusters: labels)
    let named = ClusteredSample(values, clusters: labels.map { "problem \($0)" })
    let first = sample.mean(BootstrapT(key: RandomKey(seed: 1)))
    #expect(first == named.mean(BootstrapT(key: RandomKey(seed: 1))))
    #expect(first != sample.mean(BootstrapT(key: RandomKey(seed: 2))))
  }

  @Test func fallbacksAreTheDocumentedOnes() {
    let bootstrap = BootstrapT(key: RandomKey(seed: 1), replicates: 100)
    let empty = ClusteredSample([], clusters: [Int]())
    #expect(empty.mean(bootstrap).estimate.isNaN && empty.fraction().estimate.isNaN)
    #expect(empty.minimum.isNaN && empty.standardDeviation(bootstrap).estimate.isNaN)

    let single = ClusteredSample([1, 2, 4], clusters: [0, 0, 0])
    #expect(single.mean(bootstrap).low.isNaN && single.mean(bootstrap).estimate == 7.0 / 3)
    #expect(single.standardDeviation(bootstrap).high.isNaN)

    let constant = ClusteredSample([Double](repeating: 2, count: 20), clusters: Array(0..<20))
    // No spread is no certainty: an estimate, and no interval.
    #expect(constant.mean(bootstrap).estimate == 2 && constant.mean(bootstrap).low.isNaN)
    #expect(constant.standardDeviation(bootstrap).estimate == 0)
    #expect(constant.standardDeviation(bootstrap).high.isNaN)

    // Few clusters: Student's t. Values 1, 2, 6: mean 3, sd √7, se √(7/3), t = 4.30265.
    let few = ClusteredSample([1, 2, 6], clusters: [0, 1, 2]).mean(bootstrap)
    expectClose(few.high - 3, 4.302652729749464 * (7.0 / 3).squareRoot(), relative: 1e-12)
    expectClose(3 - few.low, 4.302652729749464 * (7.0 / 3).squareRoot(), relative: 1e-12)

    // A single one among 40 clusters: the replicates without it are infinitely far.
    var rare = [Double](repeating: 0, count: 40)
    rare[7] = 1
    let interval = ClusteredSample(rare, clusters: Array(0..<40)).mean(bootstrap)
    #expect(interval.low.isFinite && interval.high.isFinite && interval.low < interval.high)
  }

  @Test func nansAreLeftOut() {
    let bootstrap = BootstrapT(key: RandomKey(seed: 1), replicates: 100)
    let with = ClusteredSample([1, .nan, 3, 5], clusters: [0, 0, 1, 2])
    let without = ClusteredSample([1, 3, 5], clusters: [0, 1, 2])
    #expect(with.count == 3)
    #expect(with.mean(bootstrap) == without.mean(bootstrap))
  }

  @Test func fractionWithoutEventsStillHasAnUpperEnd() {
    let none = ClusteredSample(
      [Double](repeating: 0, count: 400), clusters: (0..<400).map { $0 / 8 })
    expectClose(none.fraction().high, 0.071121736464197662, relative: 1e-12)
    #expect(none.fraction().low == 0 && none.fraction().estimate == 0)
    let all = ClusteredSample(
      [Double](repeating: 1, count: 400), clusters: (0..<400).map { $0 / 8 })
    expectClose(all.fraction().low, 1 - 0.071121736464197662, relative: 1e-12)
    #expect(all.fraction().high == 1)
  }

  // MARK: - Means between bounds

  /// Clopper and Pearson's interval of m ones among n: quantiles of Beta(m, n−m+1) and Beta(m+1,
  /// n−m).
  @Test(arguments: [(24, 0), (24, 1), (24, 20), (24, 24), (2, 1), (400, 399), (2000, 40)])
  func boundedMeanOfZerosAndOnesIsClopperAndPearson(count: Int, ones: Int) {
    let values = (0..<count).map { $0 < ones ? 1.0 : 0 }
    let interval = ClusteredSample(values, clusters: Array(0..<count)).mean(within: 0...1)
    let (m, zeros) = (Double(ones), Double(count - ones))
    let low = ones == 0 ? 0 : IncompleteBeta.inverse(0.025, m, zeros + 1)
    let high = ones == count ? 1 : IncompleteBeta.inverse(0.975, m + 1, zeros)
    #expect(abs(interval.low - low) < 1e-9 && abs(interval.high - high) < 1e-9)
  }

  /// Groups of clusters are as independent as clusters: the interval hardly changes, and it takes no
  /// longer.
  @Test func manyClustersAreGrouped() {
    var generator = RandomKey(seed: 24).generator()
    let values = (0..<50_000).map { _ in generator.uniform() }
    let interval = ClusteredSample(values, clusters: Array(0..<50_000)).mean(within: 0...1)
    let error = 1 / (12 * 50_000.0).squareRoot()
    expectClose((interval.high - interval.low) / (2 * 1.96 * error), 1, relative: 0.15)
  }

  /// The quantile of weighted means, against random weights that are really drawn.
  @Test func boundedMeanHasTheQuantilesOfRandomWeights() {
    let (values, labels) = Self.skewed(clusters: 9, key: RandomKey(seed: 20))
    let bound = (values.max() ?? 0) * 1.1
    let interval = ClusteredSample(values, clusters: labels).mean(within: 0...bound)
    var generator = RandomKey(seed: 21).generator()
    var means: [Double] = []
    let sizes = (0..<9).map { cluster in Double(labels.count { $0 == cluster }) }
    let sums = (0..<9).map { cluster in
      zip(values, labels).reduce(0) { $0 + ($1.1 == cluster ? $1.0 : 0) }
    }
    let extra = Double(values.count) / 9
    for _ in 0..<20_000 {
      let weights = (0..<10).map { _ in -log(1 - generator.uniform()) }
      let size = zip(weights, sizes).reduce(0) { $0 + $1.0 * $1.1 } + weights[9] * extra
      let sum = zip(weights, sums).reduce(0) { $0 + $1.0 * $1.1 } + weights[9] * extra * bound
      means.append(sum / size)
    }
    let share = Double(means.count { $0 <= interval.high }) / 20_000
    #expect(abs(share - 0.975) < 0.005, "\(share) of the drawn means lie below the upper end")
  }

  /// Pass@k of 24 problems with 32 tries each: as k grows all values gather at 1, and the width must
  /// neither vanish nor jump. Half of the problems are easy, and some cannot be solved.
  @Test func boundedMeanDegradesSmoothlyAsValuesGatherAtABound() {
    var generator = RandomKey(seed: 22).generator()
    let right = (0..<24).map { _ in
      (0..<32).count { _ in generator.bernoulli(0.35) }
    }
    let widths = (1...32).map { k in
      let values = right.map { PassAtK.pass(right: $0, rollouts: 32, k: k) }
      let interval = ClusteredSample(values, clusters: Array(0..<24)).mean(within: 0...1)
      return interval.high - interval.low
    }
    for (shorter, longer) in zip(widths, widths.dropFirst()) {
      #expect(abs(longer - shorter) < 0.01, "from \(shorter) to \(longer)")
    }
    #expect(widths.allSatisfy { $0 > 0.12 && $0 < 0.2 }, "\(widths)")
  }

  /// One problem in twenty cannot be solved, the others are solved more often than not: with 24
  /// problems a third of the samples contain none that is out of reach.
  @Test(arguments: [1, 4, 16, 32]) func boundedMeanOfPassAtKCovers(k: Int) {
    let truth = 0.95 * (1 - pow(0.4, Double(k)))
    let rate = coverage(of: truth, trials: 600, seed: 23) { key in
      var generator = key.generator()
      let values = (0..<24).map { _ in
        let chance = generator.bernoulli(0.05) ? 0 : 0.6
        return PassAtK.pass(
          right: (0..<32).count { _ in generator.bernoulli(chance) }, rollouts: 32, k: k)
      }
      return ClusteredSample(values, clusters: Array(0..<24)).mean(within: 0...1)
    }
    #expect(rate >= 0.95, "coverage \(rate)")
  }
}
