import Analysis
import KeyedRandom
import Statistics
import Tables
import TestSupport
import Testing

@Suite struct UpdateGramTests {
  /// The Gram tensor of vectors[a][k], each a list of coordinates.
  static func gram(_ names: [String], _ vectors: [[[Double]]]) -> UpdateGram {
    let batchCount = vectors[0].count
    var values: [Double] = []
    for a in vectors {
      for b in vectors {
        for k in 0..<batchCount {
          for l in 0..<batchCount { values.append(zip(a[k], b[l]).reduce(0) { $0 + $1.0 * $1.1 }) }
        }
      }
    }
    return UpdateGram(vectorNames: names, batchCount: batchCount, values: values)
  }

  static func normals(_ count: Int, scale: Double, _ generator: inout KeyedGenerator) -> [Double] {
    (0..<count).map { _ in scale * generator.normal() }
  }

  static func random(seed: UInt64, batches: Int = 8, dimension: Int = 60, noise: Double = 0.5)
    -> (gram: UpdateGram, vectors: [[[Double]]])
  {
    var generator = RandomKey(seed: seed).generator()
    let shared = normals(dimension, scale: 1, &generator)
    let names = UpdateVector.basisNames + UpdateVector.basisNames.map { "first:" + $0 }
    let vectors = names.map { _ in
      let own = zip(shared, normals(dimension, scale: 1, &generator)).map { $0 + $1 }
      return (0..<batches).map { _ in
        zip(own, normals(dimension, scale: noise, &generator)).map { $0 + $1 }
      }
    }
    return (gram(names, vectors), vectors)
  }

  /// Batches of two vectors of length 1 with a known cosine. Reliabilities are those of one batch, 49% of
  /// the second vector's noise is the first one's, and the fewer dimensions the noise has, the less certain
  /// are the signals.
  private static func pair(
    cosine: Double, reliabilities: (Double, Double), dimension: Int, _ key: RandomKey
  ) -> UpdateGram {
    var generator = key.generator()
    let scale = 1 / Double(dimension).squareRoot()
    var (first, second): ([[Double]], [[Double]]) = ([], [])
    for _ in 0..<8 {
      let shared = normals(dimension, scale: scale, &generator)
      let own = normals(dimension, scale: scale, &generator)
      let sizes = (
        (1 / reliabilities.0 - 1).squareRoot(), (1 / reliabilities.1 - 1).squareRoot()
      )
      var a = shared.map { sizes.0 * $0 }
      var b = zip(shared, own).map { sizes.1 * (0.7 * $0 + 0.51.squareRoot() * $1) }
      a[0] += 1
      b[0] += cosine
      b[1] += (1 - cosine * cosine).squareRoot()
      first.append(a)
      second.append(b)
    }
    return gram(["a", "b"], [first, second])
  }

  /// Signals that are certain, and signals that may be noise: most intervals are unbounded at a
  /// reliability of .25 in 5 dimensions. experiments/coverage has more settings, and other intervals.
  @Test(arguments: [(0.25, 0.25), (0.25, 0.6), (0.4, 0.4), (0.6, 0.6)], [5, 60])
  func intervalsCoverHoweverWeakTheSignalsAre(reliabilities: (Double, Double), dimension: Int) {
    let (a, b) = (UpdateVector(basis: "a"), UpdateVector(basis: "b"))
    for cosine in [0.85, 0.3, -0.5] {
      var efficiencyHits = 0
      let trials = 500
      let rate = coverage(of: cosine, trials: trials, seed: 31) { key in
        let gram = Self.pair(
          cosine: cosine, reliabilities: reliabilities, dimension: dimension, key)
        // Of a relative to b, with b as the gradient: the cosine, too.
        let efficiency = gram.efficiency(a, gradient: b, reference: b)
        if efficiency.low <= cosine, cosine <= efficiency.high { efficiencyHits += 1 }
        return gram.correctedCosine(a, b)
      }
      #expect(rate >= 0.925, "coverage \(rate) of \(cosine)")
      // Bounded intervals are not wider than they need to be.
      if dimension == 60 { #expect(rate <= 0.985, "coverage \(rate) of \(cosine)") }
      #expect(efficiencyHits >= trials * 925 / 1000, "\(efficiencyHits) of \(trials)")
    }
  }

  /// |b|²/(|a|² + |b|²) of two expected vectors of length 1 is a half.
  @Test(arguments: [0.25, 0.6]) func driftShareCoversHoweverWeakTheSignalsAre(reliability: Double) {
    let rate = coverage(of: 0.5, trials: 500, seed: 32) { key in
      Self.pair(
        cosine: 0, reliabilities: (reliability, reliability), dimension: 5, key
      ).driftShare(contrast: UpdateVector(basis: "a"), drift: UpdateVector(basis: "b"))
    }
    #expect(rate >= 0.925, "coverage \(rate)")
  }

  @Test func correctedCosineHasNoBiasWhereTheRawOnesDo() {
    var corrected = 0.0
    var same = 0.0
    var cross = 0.0
    let (a, b) = (UpdateVector(basis: "a"), UpdateVector(basis: "b"))
    for trial in 0..<200 {
      var generator = RandomKey(seed: 77).derive(UInt64(trial)).generator()
      var vectors: [[[Double]]] = [[], []]
      for _ in 0..<8 {
        let noise = Self.normals(50, scale: 0.2, &generator)  // the same noise in both
        vectors[0].append([1, 0] + noise)
        vectors[1].append([0.5, 0.75.squareRoot()] + noise)
      }
      let gram = Self.gram(["a", "b"], vectors)
      corrected += gram.correctedCosine(a, b).estimate / 200
      same += gram.sameBatchCosine(a, b).estimate / 200
      cross += gram.crossBatchCosine(a, b).estimate / 200
    }
    // T = 1 + 50·0.04 = 3, so same-batch (0.5 + 2)/3 and cross-batch 0.5/3.
    expectClose(corrected, 0.5, absolute: 0.02, "corrected")
    expectClose(same, 2.5 / 3, absolute: 0.01, "same batch")
    expectClose(cross, 0.5 / 3, absolute: 0.01, "cross batch")
  }

  @Test func combinationsInTheGramEqualCombinedVectors() {
    let (gram, vectors) = Self.random(seed: 5)
    let combined = UpdateVector.rules.map { rule in
      (0..<8).map { batch in
        (0..<60).map { coordinate in
          UpdateVector.basisNames.enumerated().reduce(0.0) { sum, basis in
            sum + (rule.coefficients[basis.element] ?? 0) * vectors[basis.offset][batch][coordinate]
          }
        }
      }
    }
    let names = UpdateVector.rules.map(\.name)
    let direct = Self.gram(names, combined)
    for (index, rule) in UpdateVector.rules.enumerated() {
      let own = UpdateVector(basis: names[index])
      let other = UpdateVector.rules[(index + 3) % names.count]
      let otherOwn = UpdateVector(basis: other.name)
      let pairs = [
        (gram.reliability(rule), direct.reliability(own)),
        (gram.signal(rule, other), direct.signal(own, otherOwn)),
        (gram.correctedCosine(rule, other), direct.correctedCosine(own, otherOwn)),
        (gram.sameBatchCosine(rule, other), direct.sameBatchCosine(own, otherOwn)),
        (gram.crossBatchCosine(rule, other), direct.crossBatchCosine(own, otherOwn)),
      ]
      for (ours, oracle) in pairs {
        expectClose(
          [ours.estimate, ours.low, ours.high], [oracle.estimate, oracle.low, oracle.high],
          relative: 1e-9, absolute: 1e-9, rule.name)
      }
    }
  }

  @Test func withoutNoiseEveryCosineIsTheExactOneAndReliabilityIsOne() {
    let a = [3.0, 4, 0]
    let b = [0.0, 5, 0]
    let gram = Self.gram(
      ["a", "b"], [[a, a, a], [b, b, b]])
    let (first, second) = (UpdateVector(basis: "a"), UpdateVector(basis: "b"))
    for interval in [
      gram.correctedCosine(first, second), gram.sameBatchCosine(first, second),
      gram.crossBatchCosine(first, second),
    ] {
      expectClose(
        [interval.estimate, interval.low, interval.high], [0.8, 0.8, 0.8], relative: 1e-12)
    }
    #expect(gram.reliability(first) == Interval(estimate: 1, low: 1, high: 1))
    #expect(gram.total(first).estimate == 25)
    // |b|²/(|a|² + |b|²)
    expectClose(gram.driftShare(contrast: first, drift: second).estimate, 0.5, relative: 1e-12)
  }

  @Test func pureNoiseMayHaveAnyCosine() {
    var generator = RandomKey(seed: 3).generator()
    let signal = (0..<8).map { _ in [3] + Self.normals(40, scale: 0.1, &generator) }
    let noise = (0..<8).map { _ in Self.normals(41, scale: 0.5, &generator) }
    let gram = Self.gram(["signal", "noise"], [signal, noise])
    let (s, n) = (UpdateVector(basis: "signal"), UpdateVector(basis: "noise"))
    #expect(!gram.signal(n, n).isAboveZero)
    for interval in [
      gram.correctedCosine(s, n), gram.efficiency(n, gradient: s, reference: s),
      gram.driftShare(contrast: n, drift: n),
    ] { #expect(interval.isUnbounded && interval.ends(2) == "unbounded") }
    #expect(!gram.driftShare(contrast: s, drift: n).isUnbounded)
    #expect(gram.correctedCosine(n, n) == Interval(estimate: 1, low: 1, high: 1))
    #expect(gram.crossBatchCosine(s, n).estimate.isFinite)
  }

  /// The ends of Fieller's interval are the ratios whose residual is as large as t standard errors.
  @Test func endsOfARatioAreThoseOfTheTest() {
    let values = [(2.0, 4.0), (2.5, 4.5), (1.5, 3.5), (2.2, 4.4)]
    func residual(_ ratio: Double) -> Double {
      let rest = values.map { $0.0 - ratio * $0.1 }
      let interval = Jackknife.interval(estimate: 2.05 - ratio * 4.1, deleteOne: rest)
      return abs(interval.estimate) - (interval.high - interval.estimate)
    }
    let interval = Jackknife.ratio(
      numerator: 2.05, denominator: 4.1, deleteOne: values.map { ($0.0, $0.1) })
    #expect(interval.estimate == 0.5)
    expectClose([residual(interval.low), residual(interval.high)], [0, 0], absolute: 1e-12)
    #expect(interval.low < 0.5 && interval.high > 0.5)
    let weak = Jackknife.ratio(
      numerator: 2.05, denominator: 0.1, deleteOne: values.map { ($0.0, $0.1 - 4) })
    #expect(weak.low == -.infinity && weak.high == .infinity)
    let none = Jackknife.ratio(numerator: 1, denominator: -1, deleteOne: [(1, -1), (1, -1)])
    #expect(none.estimate.isNaN && none.isUnbounded)
    #expect(!Jackknife.ratio(numerator: 1, denominator: 1, deleteOne: [(1, 1)]).hasEnds)
  }

  @Test func efficiencyIdentitiesHold() {
    let (gram, _) = Self.random(seed: 6)
    let rl = UpdateVector(basis: "C_c")
    for rule in UpdateVector.rules {
      let efficiency = gram.efficiency(rule, gradient: rl, reference: rl).estimate
      // With G from the same pool, e∞ is the corrected cosine with C_c.
      expectClose(efficiency, gram.correctedCosine(rule, rl).estimate, relative: 1e-12, rule.name)
      let ratio = gram.reliability(rule).estimate / gram.reliability(rl).estimate
      expectClose(
        gram.batchEfficiency(rule, gradient: rl, reference: rl).estimate,
        efficiency * ratio.squareRoot(), relative: 1e-12, rule.name)
    }
    // Another G than the reference: the definition, written out.
    let g = UpdateVector(basis: "D_c")
    let u = UpdateVector.rules[1]
    let expected =
      gram.signal(u, g).estimate / gram.signal(u, u).estimate.squareRoot()
      / (gram.signal(rl, g).estimate / gram.signal(rl, rl).estimate.squareRoot())
    expectClose(
      gram.efficiency(u, gradient: g, reference: rl).estimate, expected, relative: 1e-12)
  }

  @Test func reportHoldsEveryRuleAndPair() {
    let (gram, _) = Self.random(seed: 8)
    let report = UpdateStatistics(gram: gram)
    #expect(report.vectors.map(\.name) == UpdateVector.rules.map(\.name))
    #expect(report.pairs.count == 8 * 7 / 2)
    let rl = report.vectors[4]
    #expect(rl.name == "RL")
    expectClose(
      [rl.efficiency.estimate, rl.efficiency.low, rl.batchEfficiency.high], [1, 1, 1],
      relative: 1e-12)
    #expect((0...1).contains(report.driftShareMarginal.estimate))
    // Adam's metric, G raw: with equal vectors the numbers are the same.
    let size = 64
    func place(_ a: Int) -> Int { a < 12 ? a : a - 12 }
    var values: [Double] = []
    for a in 0..<18 {
      for b in 0..<18 {
        let start = (place(a) * 12 + place(b)) * size
        values += gram.values[start..<start + size]
      }
    }
    let both = UpdateGram(
      vectorNames: gram.vectorNames + UpdateVector.basisNames.map { "adam:" + $0 },
      batchCount: 8, values: values)
    let adam = UpdateStatistics(gram: both, metric: .adam)
    #expect(adam.vectors.map(\.efficiency) == report.vectors.map(\.efficiency))
    #expect(adam.driftShareMarginal == report.driftShareMarginal)
    // Masked rules are the same combinations less those of first tokens; RL with all tokens is the reference.
    let masked = UpdateStatistics(gram: gram, metric: .rawMasked)
    let reference = UpdateVector(basis: "C_c")
    for (rule, vector) in zip(UpdateVector.rules, masked.vectors) {
      #expect(vector.reliability == gram.reliability(rule.firstTokenMasked))
      #expect(
        vector.efficiency
          == gram.efficiency(rule.firstTokenMasked, gradient: reference, reference: reference),
        "\(rule.name)")
    }
  }

  /// Signals and efficiencies where G is of other rollouts: all pairs of batches count, and intervals cover.
  @Test func efficienciesFromHeldOutRolloutsCover() {
    let (u, r) = (UpdateVector(basis: "u"), UpdateVector(basis: "r"))
    let rate = coverage(of: 0.6, trials: 500, seed: 33) { key in
      var generator = key.generator()
      // <u, G>/|u| = 0.6, <R, G>/|R| = 1.
      let means = [[1.0, 0, 0.75], [1, 0, 0], [0.6, 0.8, 0]]
      let vectors = means.map { mean in
        (0..<8).map { _ in
          mean.map { $0 + 0.3 * generator.normal() } + Self.normals(20, scale: 0.3, &generator)
        }
      }
      let gram = Self.gram(["G", "r", "u"], vectors)
      return gram.efficiency(u, gradient: UpdateVector.heldOutGradient, reference: r)
    }
    #expect((0.92...0.99).contains(rate), "coverage \(rate)")
  }

  @Test func jackknifeOfAMeanIsStudentsInterval() {
    // The delete-one means of x have the classical standard error sd/√n.
    let x = [1.0, 2, 6, 7]
    let deleteOne = x.indices.map { left in (x.reduce(0, +) - x[left]) / 3 }
    let interval = Jackknife.interval(estimate: 4, deleteOne: deleteOne)
    let error = (26.0 / 3 / 4).squareRoot()
    expectClose(interval.high - 4, 3.1824463052837096 * error, relative: 1e-12)
    #expect(Jackknife.interval(estimate: 1, deleteOne: [1]).low.isNaN)
    #expect(Jackknife.interval(estimate: 1, deleteOne: [1, .nan, 2]).high.isNaN)
  }
}
