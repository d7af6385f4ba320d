// Predicts the gain of each update rule before training: its first-order gain on held-out rollouts,
// relative to RL's at equal step length.
//
// u is a rule's batch gradient, G the policy gradient on disjoint batches, S the mean inner product
// across batches, T_u the mean squared norm of u:
//   e∞ = (S_uG / √S_uu) / (S_RG / √S_RR)   without noise,   e_B with T for S in the lengths,
// at this batch size. In Adam's metric u / (√v + ε) replaces u, with one v for all rules.
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
  public static func plan(
    _ rollouts: [Rollout], options: AlignmentOptions, vocabularySize: Int
  ) -> AlignmentPlan {
    var options = options
    options.controls = [Update.name, FirstOrder.name]
    options.firstOrderSamples = 0  // only rules are asked about
    return AlignmentPlan(rollouts: rollouts, options: options, vocabularySize: vocabularySize)
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
    let (raw, adam) = (update.statistics(.raw), update.statistics(.adam))
    var table = TextTable([
      "update rule", "gain vs RL", "95% interval", "at this batch size", "in Adam's metric",
      "95% interval", "noise ceiling", "valid to |step|",
    ])
    for (own, scaled) in zip(raw.vectors, adam.vectors) {
      table.add([
        own.name, fixed(own.efficiency.estimate, 2), own.efficiency.ends(2),
        fixed(own.batchEfficiency.estimate, 2), fixed(scaled.efficiency.estimate, 2),
        scaled.efficiency.ends(2), fixed(own.reliability.estimate, 2),
        significant(radius(own.name), 2),
      ])
    }
    return table.text
  }

  /// What can and what cannot be concluded from this number of rollouts.
  public var conclusion: String {
    let statistics = update.statistics(.raw)
    let rollouts = update.batchRollouts.reduce(0, +)
    let clusters = Set(plan.rollouts.map { Array($0.cluster.utf8) }).count
    var sentences: [String] = []
    let share = statistics.driftShareMarginal
    if !share.isUnbounded, !share.estimate.isNaN {
      sentences.append(
        "The component that ignores the rewards makes up \(fixed(100 * share.estimate, 0))% of "
          + "one-sided null-context updates (\(fixed(100 * share.low, 0)) .. "
          + "\(fixed(100 * share.high, 0))%).")
    }
    let basis =
      "\(rollouts) rollouts of \(clusters) independent units in \(update.batchCount) batches"
    let rl = statistics.vectors.first { $0.name == "RL" }
    guard let rl, rl.signal.isAboveZero else {
      let reliability = rl?.reliability.estimate ?? .nan
      let needed = batchSize * (1 - reliability) / reliability * Double(update.batchCount)
      sentences.append(
        "RL's own gradient is indistinguishable from noise in \(basis), so no rule's gain can be compared "
          + "with it"
          + (reliability > 0 && needed.isFinite
            ? "; about \(significant(max(needed, Double(rollouts) * 2), 2)) rollouts would make it "
              + "half signal a batch, if the estimate of its reliability holds." : "."))
      return sentences.joined(separator: " ")
    }
    let others = statistics.vectors.filter { $0.name != "RL" && !$0.name.hasPrefix("drift") }
    let worse = others.filter { $0.efficiency.high < 1 }.map(\.name)
    let better = others.filter { $0.efficiency.low > 1 }.map(\.name)
    let open = others.filter { !worse.contains($0.name) && !better.contains($0.name) }.map(\.name)
    func list(_ names: [String], _ what: String) -> String? {
      names.isEmpty ? nil : "\(names.joined(separator: ", ")) \(what)"
    }
    let verdicts = [
      list(better, "more than RL"), list(worse, "less than RL"),
      list(open, "indistinguishable from RL"),
    ].compactMap(\.self).joined(separator: "; ")
    sentences.append(
      "To first order and at equal step length these \(basis) promise: \(verdicts).")
    sentences.append(
      "This says nothing about steps longer than the last column, about later steps, where the "
        + "policy and with it every vector has changed, or about other problems.")
    return sentences.joined(separator: " ")
  }

  /// `rules`, one object each, and the drift shares.
  public var json: JSON {
    let (raw, adam) = (update.statistics(.raw), update.statistics(.adam))
    var rules = JSONObject()
    for (own, scaled) in zip(raw.vectors, adam.vectors) {
      rules[own.name] = [
        "efficiency": own.efficiency.json("estimate"),
        "batch_efficiency": own.batchEfficiency.json("estimate"),
        "adam_efficiency": scaled.efficiency.json("estimate"),
        "adam_batch_efficiency": scaled.batchEfficiency.json("estimate"),
        "reliability": own.reliability.json("estimate"),
        "adam_reliability": scaled.reliability.json("estimate"),
        "validity_radius": .real(radius(own.name)),
      ]
    }
    return [
      "rollouts": .integer(plan.rollouts.count), "batches": .integer(update.batchCount),
      "batch_rollouts": .real(batchSize), "rules": .object(rules),
      "drift_share_marginal": raw.driftShareMarginal.json("estimate"),
      "drift_share_conditional": raw.driftShareConditional.json("estimate"),
      "adam_drift_share_marginal": adam.driftShareMarginal.json("estimate"),
      "conclusion": .string(conclusion),
    ]
  }
}
