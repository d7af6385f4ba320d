// An alignment run without a model: a plan, and measurements drawn at random.
import Analysis
import Foundation
import KeyedRandom
import ModelCore
import Runs
import StrictJSON
import Tasks

/// Rollouts and results that depend on the seed alone.
struct SyntheticRun {
  let plan: AlignmentPlan
  let groups = [
    ParameterLayout.Group(layer: -1, module: "embed_tokens"),
    ParameterLayout.Group(layer: 0, module: "self_attn.q_proj"),
    ParameterLayout.Group(layer: 0, module: "mlp.down_proj"),
    ParameterLayout.Group(layer: -1, module: "norm"),
  ]
  var precision = Precision.float32
  private let key = RandomKey(seed: 7)

  /// Ten problems of rollouts by turns, with rewards; every other rollout without a reward if not
  /// `rewarded`.
  init(
    _ count: Int = 40, controls: [String] = AlignmentControls.named(["all"]).map { $0.name },
    tokenProducts: Bool = true, rewarded: Bool = true, scoresFirst: Bool = true
  ) {
    var random = RandomKey(seed: 3).generator()
    let rollouts = (0..<count).map { index in
      let problem = index % 10
      return Rollout(
        id: "rollout \(index) é", problemID: "problem \(problem)", cluster: "cluster \(problem)",
        promptTokens: (0..<2 + problem).map { _ in Int32(random.uniform(below: 50)) },
        responseTokens: (0..<1 + random.uniform(below: 9)).map { _ in
          Int32(random.uniform(below: 50))
        }, reward: rewarded || index % 2 == 0 ? Double(random.uniform(below: 2)) : nil)
    }
    let sweep = [
      NullContext(name: "bos", tokens: [1]), NullContext(name: "token:a.b/c", tokens: [2]),
      NullContext(name: "token:a", tokens: []),
    ]
    plan = AlignmentPlan(
      rollouts: rollouts,
      options: AlignmentOptions(
        nullContext: NullContext(name: "bos", tokens: scoresFirst ? [1] : []), controls: controls,
        seed: 5, tokenProducts: tokenProducts, nullContextSweep: sweep, specialTokens: [0, 3],
        bootstrapReplicates: 50),
      vocabularySize: 50)
  }

  func sample(_ index: Int) -> SampleAlignment {
    var random = key.derive(UInt64(index)).generator()
    func values(_ count: Int) -> [Double] { (0..<count).map { _ in random.normal() } }
    let tokenCount = plan.rollouts[index].responseTokens.count
    let unscored = plan.options.nullContext.tokens.isEmpty ? 1 : 0
    func tokens() -> [Double] {
      let values = values(tokenCount)
      return (0..<tokenCount).map { $0 < unscored ? .nan : -abs(values[$0]) }
    }
    let isZero = index == 4  // a rollout whose gradient vanishes: its cosine is undefined
    let pair = PairMeasurement(
      innerProducts: values(groups.count).map { isZero ? 0 : $0 },
      squaredNormsMarginal: values(groups.count).map { isZero ? 0 : $0 * $0 },
      squaredNormsConditional: values(groups.count).map { $0 * $0 }, logMarginal: tokens(),
      logConditional: tokens(), entropyMarginal: tokens(), entropyConditional: tokens(),
      tokenInnerProducts: plan.options.tokenProducts ? tokens() : [],
      scoredCount: tokenCount - unscored)
    let controls = plan.entries.indices.map { entry in
      (index + entry) % 7 == 0
        ? PairSummary.undefined : PairSummary(stored: values(7).map(abs)) ?? .undefined
    }
    return SampleAlignment(index: index, pair: pair, controls: controls)
  }

  /// Results of the controls that look at all rollouts, where the plan has them.
  func collection() -> CollectionResults {
    CollectionResults(
      plan.collectionControls.map { type(of: $0).name }.map { ($0, result(of: $0)) })
  }

  private func result(of control: String) -> any CollectionResult {
    switch control {
    case Cross.name: cross
    case Update.name: update
    default: firstOrder
    }
  }

  private func values(_ label: StaticString) -> (Int) -> [Double] {
    var random = key.derive(label).generator()
    return { count in (0..<count).map { _ in random.normal() } }
  }

  var cross: CrossMatrix {
    let values = values("cross")
    return CrossMatrix(
      samples: [0, 3, 10, 11, 20, 23], innerProducts: values(36),
      normsMarginal: [0] + values(5).map(abs), normsConditional: values(6).map(abs))
  }

  var update: UpdateControl {
    let values = values("update")
    let names = UpdateControl.vectorNames(plan)
    let batches = 8
    // Vectors of a common signal and of noise, so that most statistics are defined.
    let vectors = names.map { _ in
      (0..<batches).map { _ in values(12).enumerated().map { $1 * 0.3 + ($0 < 3 ? 1 : 0) } }
    }
    var gram: [Double] = []
    for a in vectors {
      for b in vectors {
        for k in a { for l in b { gram.append(zip(k, l).reduce(0) { $0 + $1.0 * $1.1 }) } }
      }
    }
    return UpdateControl(
      vectorNames: names, batchCount: batches, gram: gram,
      batchRollouts: Array(repeating: 5, count: batches), batchTokens: Array(20..<28))
  }

  var firstOrder: FirstOrderControl {
    let values = values("first order")
    func direction(_ name: String, _ sample: Int?) -> FirstOrderControl.Direction {
      FirstOrderControl.Direction(
        name: name, sample: sample, predicted: [1, 2, 4], actual: [1.01, 2.3, 4.1],
        collateral: values(3))
    }
    return FirstOrderControl(
      lengths: [0.5, 1, 2], samples: [direction("0", 0), direction("20", 20)],
      rules: UpdateVector.rules.map { direction($0.name, nil) },
      adamSteps: UpdateVector.rules.map {
        FirstOrderControl.AdamSteps(
          name: $0.name, lengths: [1, 3, 10], predicted: values(3), actual: values(3),
          collateral: values(3))
      })
  }

  /// The manifest's attributes, as far as results may depend on them.
  func attributes(config: JSON = ["seed": 5], rollouts: String = "abc") -> [(
    name: String, text: String
  )] {
    let inputs: JSON = [
      ["role": "model", "path": "model", "bytes": 1, "sha256": "def"],
      ["role": "rollouts", "path": "rollouts.jsonl", "bytes": 2, "sha256": .string(rollouts)],
    ]
    return [
      ("config", config.text()), ("config_sha256", Manifest.hash(of: config)),
      ("argv", "[\"prerl\",\"align\"]"), ("inputs", inputs.text()), ("version", "0.1.0"),
      ("start_utc", "2026-01-31T12:00:00Z"),
    ]
  }

  /// Writes the rollouts of a range as if the run had ended or, if not complete, been interrupted.
  @discardableResult
  func write(
    _ path: String, samples: Range<Int>? = nil, shard: Shard? = nil, isComplete: Bool = true,
    attributes: [(name: String, text: String)]? = nil
  ) throws -> AlignmentSummary {
    let file = AlignmentFile(
      plan: plan, groups: groups, precision: precision, shard: shard, isComplete: isComplete,
      attributes: attributes ?? self.attributes())
    let isFirst = shard == nil || shard?.index == 0
    let results = AlignmentResults(
      plan,
      samples: samples ?? shard?.range(of: plan.rollouts.count) ?? 0..<plan.rollouts.count,
      collection: isComplete && isFirst ? collection() : CollectionResults(), row: row)
    try file.write(results, to: path, row: row)
    return results.summary
  }

  /// The results of a rollout as a run has them.
  func row(_ index: Int) -> AlignmentRow {
    let sample = sample(index)
    return AlignmentRow(sample: sample, main: sample.pair.summary(plan.options.reduction))
  }
}
