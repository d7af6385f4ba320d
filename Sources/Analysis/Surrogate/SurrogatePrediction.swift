// Predicts the gain of each update rule before training: its first-order gain on held-out problems,
// relative to RL's at equal step length.
//
// u is a rule's batch gradient on problems of training, G the policy gradient on held-out problems, S the
// mean inner product across batches, T_u the mean squared norm of u:
//   e∞ = (S_uG / √S_uu) / (S_RG / √S_RR)   without noise,   e_B with T for S in the lengths,
// at this batch size. What an optimizer does is Adam's first step on one batch: u / (|u| + ε) in the place
// of u, with its noise (e_B).
import ModelCore
import Runs
import Statistics
import StrictJSON
import Tables
import Tasks

/// The update and first-order controls of a set of scored rollouts.
public struct SurrogatePrediction: Sendable {
  public let plan: AlignmentPlan
  public let update: UpdateControl
  public let firstOrder: FirstOrderControl

  /// The plan of a prediction: the two controls that it needs, with the rules' directions only.
  ///
  /// - Parameters:
  ///   - rollouts: of problems that will be trained on.
  ///   - heldOut: of problems that share no cluster with them.
  ///   - otherAdvantages: of `rollouts`; the rules with them stand beside the others.
  public static func plan(
    _ rollouts: [Rollout], heldOut: [Rollout], otherAdvantages: OtherAdvantages? = nil,
    options: AlignmentOptions, vocabularySize: Int
  ) -> AlignmentPlan {
    var options = options
    options.controls = [Update.name, FirstOrder.name]
    options.firstOrderSamples = 0  // only rules are asked about, and only how far they hold
    options.findsRadiiOnly = true
    return AlignmentPlan(
      rollouts: rollouts, heldOut: heldOut, otherAdvantages: otherAdvantages, options: options,
      vocabularySize: vocabularySize)
  }

  /// Measures the plan, which must include both controls.
  ///
  /// - Parameters:
  ///   - name: The rollouts' file, for errors.
  ///   - memoryLimit: As in `CollectionResults.measure`.
  /// - Returns: nil if it was stopped.
  /// - Throws: `OutputError` where the rollouts do not allow the update control; `MemoryLimitExceeded`.
  public static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, of name: String = "rollouts", model: Transformer<Scalar>, threads: Int,
    memoryLimit: Int = Machine.defaultMemoryLimit,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (String, Double) -> Void = { _, _ in }
  ) throws -> SurrogatePrediction? {
    if let reason = plan.leftOut.first?.reason {
      throw OutputError.usage(
        name, "\(reason) (expected groups of scored rollouts, some right and some wrong)")
    }
    guard
      let results = try CollectionResults.measure(
        plan, model: model, threads: threads, memoryLimit: memoryLimit, shouldStop: shouldStop,
        progress: progress),
      let update = results[UpdateControl.self], let firstOrder = results[FirstOrderControl.self]
    else { return nil }
    return SurrogatePrediction(plan: plan, update: update, firstOrder: firstOrder)
  }

  /// Rollouts of one batch, on average.
  public var batchSize: Double {
    Double(update.batchRollouts.reduce(0, +)) / Double(max(1, update.batchCount))
  }

  /// The validity radius of a rule's step.
  public func radius(_ rule: String) -> Double {
    firstOrder.rules.first { $0.name == rule }.map { firstOrder.validityRadius($0) } ?? .nan
  }

  // MARK: - Reports

  /// One row per rule.
  public var table: String {
    let raw = update.statistics(.raw).vectors
    let masked = update.statistics(.rawMasked).vectors
    let step = update.statistics(.step).vectors
    var table = TextTable([
      "update rule", "gain vs RL", "95% interval", "at this batch size", "Adam's first step",
      "95% interval", "noise ceiling", "first token", "gain without", "95% interval",
      "valid to |step|",
    ])
    for (place, own) in raw.enumerated() {
      table.add([
        own.name, fixed(own.efficiency.estimate, 2), own.efficiency.ends(2),
        fixed(own.batchEfficiency.estimate, 2), fixed(step[place].batchEfficiency.estimate, 2),
        step[place].batchEfficiency.ends(2), fixed(own.reliability.estimate, 2),
        fixed(own.firstTokenShare.estimate, 2), fixed(masked[place].efficiency.estimate, 2),
        masked[place].efficiency.ends(2), significant(radius(own.name), 2),
      ])
    }
    guard let source = plan.otherAdvantages?.source else { return table.text }
    for (own, step) in zip(others(.raw), others(.step)) {
      table.add([
        own.name.replacing(UpdateVector.otherMark, with: "") + ", \(source.rawValue)",
        fixed(own.efficiency.estimate, 2), own.efficiency.ends(2),
        fixed(own.batchEfficiency.estimate, 2),
        fixed(step.batchEfficiency.estimate, 2),
        step.batchEfficiency.ends(2), fixed(own.reliability.estimate, 2), "-", "-",
        "-", "-",
      ])
    }
    return table.text
  }

  /// The rules with the plan's other advantages, against RL.
  private func others(_ metric: UpdateControl.Metric) -> [UpdateStatistics.Vector] {
    update.statistics(metric, of: UpdateVector.otherRules).vectors
  }

  private func clusterCount(_ range: Range<Int>) -> Int {
    Set(plan.rollouts[range].map { Array($0.cluster.utf8) }).count
  }

  private var training: Range<Int> { 0..<plan.heldOutStart }
  private var heldOut: Range<Int> { plan.heldOutStart..<plan.rollouts.count }

  /// What the prediction is made from.
  public var basis: String {
    "Updates are computed from \(training.count) rollouts of \(clusterCount(training)) independent units "
      + "in \(update.batchCount) batches, the policy gradient that they are compared with from "
      + "\(heldOut.count) rollouts of \(clusterCount(heldOut)) others."
  }

  /// What can and what cannot be concluded from this number of rollouts.
  public var conclusion: String {
    let statistics = update.statistics(.raw)
    let rollouts = update.batchRollouts.reduce(0, +)
    var sentences = [basis]
    func percent(_ share: Interval) -> String {
      let ends = share.ends { fixed(100 * $0, 0) }
      return "\(fixed(100 * share.estimate, 0))% (\(ends))"
    }
    let share = statistics.driftShareMarginal
    if !share.isUnbounded, !share.estimate.isNaN {
      let masked = update.statistics(.rawMasked).driftShareMarginal
      sentences.append(
        "The component that ignores the rewards makes up \(percent(share)) of one-sided null-context "
          + "updates, \(percent(masked)) if the first token of each response is masked.")
    }
    let rl = statistics.vectors.first { $0.name == "RL" }
    guard let rl, rl.signal.isAboveZero else {
      let reliability = rl?.reliability.estimate ?? .nan
      let needed = batchSize * (1 - reliability) / reliability * Double(update.batchCount)
      sentences.append(
        "RL's own gradient is indistinguishable from noise, so no rule's gain can be compared with it"
          + (reliability > 0 && needed.isFinite
            ? "; about \(significant(max(needed, Double(rollouts) * 2), 2)) rollouts would make it "
              + "half signal a batch, if the estimate of its reliability holds." : "."))
      return sentences.joined(separator: " ")
    }
    func verdicts(_ values: [(name: String, interval: Interval)]) -> String {
      let others = values.filter { $0.name != "RL" && !$0.name.hasPrefix("drift") }
      let better = others.filter { $0.interval.low > 1 }.map(\.name)
      let worse = others.filter { $0.interval.high < 1 }.map(\.name)
      let open = others.map(\.name).filter { !better.contains($0) && !worse.contains($0) }
      return [
        (better, "more than RL"), (worse, "less than RL"), (open, "indistinguishable from RL"),
      ].filter { !$0.0.isEmpty }.map { "\($0.joined(separator: ", ")) \($1)" }
        .joined(separator: "; ")
    }
    sentences.append(
      "To first order, without noise and at equal step length: "
        + verdicts(statistics.vectors.map { ($0.name, $0.efficiency) }) + ".")
    sentences.append(
      "Adam's first step on a batch of \(fixed(batchSize, 0)) rollouts, noise included: "
        + verdicts(update.statistics(.step).vectors.map { ($0.name, $0.batchEfficiency) }) + ".")
    sentences.append(
      "This says nothing about steps longer than the last column, about later steps, where the "
        + "policy and with it every vector has changed, or about other problems.")
    return sentences.joined(separator: " ")
  }

  /// `rules`, one object each, and the drift shares.
  public var json: JSON {
    let all = Dictionary(
      uniqueKeysWithValues: UpdateControl.Metric.allCases.map { ($0, update.statistics($0)) })
    let metrics: [(prefix: String, metric: UpdateControl.Metric)] = [
      ("", .raw), ("adam_", .adam), ("step_", .step), ("masked_", .rawMasked),
      ("masked_step_", .stepMasked),
    ]
    var rules = JSONObject()
    for (place, rule) in UpdateVector.rules.enumerated() {
      var values = JSONObject()
      for (prefix, metric) in metrics {
        guard let own = all[metric]?.vectors[place] else { continue }
        values[prefix + "efficiency"] = own.efficiency.json("estimate")
        values[prefix + "batch_efficiency"] = own.batchEfficiency.json("estimate")
        values[prefix + "reliability"] = own.reliability.json("estimate")
        if metric == .raw {
          values["first_token_share"] = own.firstTokenShare.json("estimate")
        }
      }
      values["validity_radius"] = .real(radius(rule.name))
      rules[rule.name] = .object(values)
    }
    var object: JSONObject = [
      "rollouts": .integer(plan.rollouts.count),
      "training_rollouts": .integer(training.count),
      "training_clusters": .integer(clusterCount(training)),
      "held_out_rollouts": .integer(heldOut.count),
      "held_out_clusters": .integer(clusterCount(heldOut)),
      "batches": .integer(update.batchCount), "batch_rollouts": .real(batchSize),
      "rules": .object(rules),
    ]
    for (prefix, metric) in metrics {
      guard let own = all[metric] else { continue }
      object[prefix + "drift_share_marginal"] = own.driftShareMarginal.json("estimate")
      object[prefix + "drift_share_conditional"] = own.driftShareConditional.json("estimate")
    }
    if let other = plan.otherAdvantages {
      object["other_advantages"] = .object(other.settings)
      var rules = JSONObject()
      for (own, step) in zip(others(.raw), others(.step)) {
        rules[own.name.replacing(UpdateVector.otherMark, with: "")] = [
          "efficiency": own.efficiency.json("estimate"),
          "batch_efficiency": own.batchEfficiency.json("estimate"),
          "reliability": own.reliability.json("estimate"),
          "step_batch_efficiency": step.batchEfficiency.json("estimate"),
        ]
      }
      object[other.source.key] = .object(rules)
    }
    object["conclusion"] = .string(conclusion)
    return .object(object)
  }
}
