// The `update` control: batches, batch vectors, their products and the statistics made of them.
import Analysis
import ModelCore
import TestSupport
import Testing

@Suite struct UpdateTests {
  private static func measure(
    _ setting: Setting, heldOut: Bool = false
  ) throws -> (BatchOracle, MeasuredUpdate) {
    let oracle = BatchOracle(setting)
    let subject = Subject(
      oracle.rollouts, heldOut: heldOut ? oracle.renamed : [], oracle.lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, controls: ["update"]))
    return (oracle, try #require(try subject.measureFile()?.update))
  }

  /// Eight batches of whole clusters; together every rollout of a group of two or more, each once; and
  /// of like sizes.
  @Test(arguments: Setting.all)
  func batchesAreDisjointInClusters(setting: Setting) throws {
    let (oracle, update) = try Self.measure(setting)
    let batches = oracle.batches(update)
    #expect(batches.count == 8)
    for (place, batch) in batches.enumerated() {
      #expect(!batch.isEmpty, "batch \(place) is no union of clusters with its U_c")
    }
    #expect(batches.flatMap(\.self).sorted() == oracle.clusters.flatMap(\.self).sorted())
    #expect(batches.contains { members in !oracle.clusters.contains(members) }, "some are shared")
    let sizes = batches.map(\.count)
    #expect((sizes.max() ?? 0) <= 6, "a batch gets a cluster only while it is the smallest")
  }

  /// <a_k, b_l> of all 38 vectors and 8 batches.
  ///
  /// Raw and Adam's vectors are linear in gradients: 3e-8 of the lengths. A step's elements
  /// u/(|u| + 1e-8) come from the backward pass, whose roundings of 1e-16 they enlarge to 1e-8.
  @Test(arguments: Setting.all)
  func productsOfBatchVectors(setting: Setting) throws {
    let (oracle, update) = try Self.measure(setting)
    let batches = oracle.batches(update)
    try #require(batches.allSatisfy { !$0.isEmpty })
    var vectors: [String: [[Double]]] = [:]
    let exact = BatchOracle(setting, backward: true)
    vectors = oracle.basisVectors(batches)
    for (metric, prefix) in [
      ("adam", "adam:"), ("step", "step:"), ("step_first_token_masked", "step:masked:"),
    ] {
      let source = metric.hasPrefix("step") ? exact : oracle
      for (name, values) in source.ruleVectors(metric, batches) { vectors[prefix + name] = values }
    }
    #expect(update.names.count == 38)
    for (a, first) in update.names.enumerated() {
      for (b, second) in update.names.enumerated() where b >= a {
        let ones = try #require(vectors[first])
        let others = try #require(vectors[second])
        for k in batches.indices {
          for l in batches.indices {
            let lengths = norm(ones[k]) * norm(others[l])
            let expected = dot(ones[k], others[l])
            let actual = update.product(a, k, b, l)
            let allowed = 3e-8 * lengths
            if !(abs(actual - expected) <= allowed) || actual != update.product(b, l, a, k) {
              Issue.record(
                "<\(first)_\(k), \(second)_\(l)> = \(actual), expected \(expected) ± \(allowed)")
              return
            }
          }
        }
      }
    }
  }

  /// Every statistic of every metric again from explicit vectors by plain loops.
  @Test(arguments: Setting.all)
  func statisticsOfTheBatchVectors(setting: Setting) throws {
    let (oracle, update) = try Self.measure(setting)
    let batches = oracle.batches(update)
    try #require(batches.allSatisfy { !$0.isEmpty })
    let exact = BatchOracle(setting, backward: true)
    let gradient = oracle.basisVectors(batches)["C_c"] ?? []
    for metric in ["raw", "adam", "step", "raw_first_token_masked", "step_first_token_masked"] {
      let statistics = try #require(update.statistics[metric])
      let names = [
        "PreRL", "NSR-PreRL", "PSR-PreRL", "drift-PreRL", "RL", "NSR-RL", "PSR-RL", "drift-RL",
      ]
      #expect(statistics.vectors.map(\.name) == names)
      let source = metric.hasPrefix("step") ? exact : oracle
      let all = metric.hasPrefix("step") ? "step" : metric == "adam" ? "adam" : "raw"
      PlainStatistics(
        vectors: source.ruleVectors(metric, batches),
        reference: source.ruleVectors(all, batches)["RL"] ?? [], gradient: gradient
      ).expect(statistics, metric)
    }
  }

  /// G is the policy gradient of held-out rollouts: its products with the vectors of other rollouts, and the
  /// efficiencies, for which every pair of batches counts.
  @Test func heldOutRolloutsGiveTheGradientOfTheEfficiencies() throws {
    let setting = Setting(family: .qwen3Tied, nullContext: [1, 4], mean: false)
    let (oracle, update) = try Self.measure(setting, heldOut: true)
    let batches = oracle.batches(update)
    let others = oracle.batches(update, heldOut: true)
    try #require((batches + others).allSatisfy { !$0.isEmpty })
    #expect(others.flatMap(\.self).sorted() == batches.flatMap(\.self).sorted())
    #expect(others != batches, "dealt with another key")
    let gradient = oracle.basisVectors(others)["C_c"] ?? []
    let place = try #require(update.names.firstIndex(of: "G"))
    for (name, values) in oracle.basisVectors(batches) {
      let row = try #require(update.names.firstIndex(of: name))
      for k in 0..<8 {
        for l in 0..<8 {
          expectClose(
            update.product(row, k, place, l), dot(values[k], gradient[l]),
            absolute: 3e-8 * norm(values[k]) * norm(gradient[l]), "<\(name)_\(k), G_\(l)>")
        }
      }
    }
    PlainStatistics(
      vectors: oracle.ruleVectors("raw", batches),
      reference: oracle.ruleVectors("raw", batches)["RL"] ?? [], gradient: gradient,
      isHeldOut: true
    ).expect(try #require(update.statistics["raw"]), "raw")
  }

  /// The fraction of |u|² that first tokens make, over all batches.
  @Test(arguments: Setting.all) func firstTokenSharesAreThoseOfTheVectors(setting: Setting) throws {
    let (oracle, update) = try Self.measure(setting)
    let batches = oracle.batches(update)
    let whole = oracle.ruleVectors("raw", batches)
    let masked = oracle.ruleVectors("raw_first_token_masked", batches)
    for vector in try #require(update.statistics["raw"]).vectors {
      let (u, v) = (whole[vector.name] ?? [], masked[vector.name] ?? [])
      let total = u.reduce(0) { $0 + dot($1, $1) }
      let rest = zip(u, v).reduce(0) { $0 + dot($1.0, $1.1) }
      expectClose(
        vector.firstTokenShare.estimate, 1 - rest / total, absolute: 1e-6, vector.name)
    }
  }
}
