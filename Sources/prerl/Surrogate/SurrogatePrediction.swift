// What each update rule promises before it is run: its gain on held-out rollouts to first order,
// relative to RL's at equal step length.
//
// u is a rule's batch vector, G the policy gradient on disjoint batches, S products across batches,
// T_u the mean squared length of u:
//   e∞ = (S_uG / √S_uu) / (S_RG / √S_RR)   without noise,   e_B with T for S in the lengths,
// at this batch size. In Adam's metric u / (√v + ε) takes the place of u, with one v for all rules.
import Analysis
import ModelCore
import Statistics
import StrictJSON
import Tables
import Tasks

/// The update and first-order controls of a set of scored rollouts.
struct SurrogatePrediction {
  let plan: AlignmentPlan
  let update: UpdateControl
  let firstOrder: FirstOrderControl

  /// - Returns: nil if the user stopped it.
  /// - Throws: `CommandFailure` where the rollouts allow no update control.
  static func measure<Scalar: ModelScalar>(
    _ rollouts: [Rollout], of name: String, model: Transformer<Scalar>, options: AlignmentOptions,
    threads: Int, progress: (String, Double) -> Void = { _, _ in }
  ) throws -> SurrogatePrediction? {
    var options = options
    options.controls = [.update, .firstOrder]
    options.firstOrderSamples = 0  // only rules are asked about
    let plan = AlignmentPlan(
      rollouts: rollouts, options: options, vocabularySize: model.configuration.vocabularySize)
    if let reason = plan.leftOut.first?.reason {
      throw CommandFailure.usage(
        "\(name): \(reason) (expected groups of scored rollouts, some right and some wrong)")
    }
    return try measure(plan, model: model, threads: threads, progress: progress)
  }

  /// The same of a plan that leaves neither control out.
  static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int,
    progress: (String, Double) -> Void = { _, _ in }
  ) throws -> SurrogatePrediction? {
    guard
      let controls = try FileControls.measure(
        plan, model: model, threads: threads, shouldStop: { Interruption.isRequested },
        progress: progress),
      let update = controls.update, let firstOrder = controls.firstOrder
    else { return nil }
    return SurrogatePrediction(plan: plan, update: update, firstOrder: firstOrder)
  }

  /// Rollouts of one batch, on average.
  var batchSize: Double {
    Double(update.batchRollouts.reduce(0, +)) / Double(max(1, update.batchCount))
  }

  /// The validity radius of a rule's step.
  func radius(_ rule: String) -> Double {
    firstOrder.rules.first { $0.name == rule }.map { firstOrder.validityRadius($0) } ?? .nan
  }

  // MARK: - Reports

  /// One row a rule.
  var table: String {
    let (raw, adam) = (update.statistics(.raw), update.statistics(.adam))
    var table = TextTable([
      "update rule", "gain vs RL", "95% interval", "at this batch size", "in Adam's metric",
      "95% interval", "noise ceiling", "valid to |step|",
    ])
    func interval(_ interval: Interval) -> String {
      interval.low.isNaN ? "-" : "\(fixed(interval.low, 2)) .. \(fixed(interval.high, 2))"
    }
    for (own, scaled) in zip(raw.vectors, adam.vectors) {
      table.add([
        own.name, fixed(own.efficiency.estimate, 2), interval(own.efficiency),
        fixed(own.batchEfficiency.estimate, 2), fixed(scaled.efficiency.estimate, 2),
        interval(scaled.efficiency), fixed(own.reliability.estimate, 2),
        significant(radius(own.name), 2),
      ])
    }
    return table.text
  }

  /// What may and what may not be concluded from so many rollouts.
  var conclusion: String {
    let statistics = update.statistics(.raw)
    let rollouts = update.batchRollouts.reduce(0, +)
    let clusters = Set(plan.rollouts.map { Array($0.cluster.utf8) }).count
    var sentences: [String] = []
    let share = statistics.driftShareMarginal
    if !share.estimate.isNaN {
      sentences.append(
        "The push that looks at no reward is \(fixed(100 * share.estimate, 0))% of what one-sided "
          + "null-context updates carry (\(fixed(100 * share.low, 0)) .. "
          + "\(fixed(100 * share.high, 0))%).")
    }
    let basis =
      "\(rollouts) rollouts of \(clusters) independent units in \(update.batchCount) batches"
    guard let rl = statistics.vectors.first(where: { $0.name == "RL" }),
      !rl.efficiency.estimate.isNaN
    else {
      let reliability = statistics.vectors.first { $0.name == "RL" }?.reliability.estimate ?? .nan
      let needed = batchSize * (1 - reliability) / reliability * Double(update.batchCount)
      sentences.append(
        "RL's own gradient is not told from noise by \(basis), so no rule's gain can be compared "
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
      list(better, "more than RL"), list(worse, "less than RL"), list(open, "not told from RL"),
    ].compactMap(\.self).joined(separator: "; ")
    sentences.append(
      "To first order and at equal step length these \(basis) promise: \(verdicts).")
    sentences.append(
      "This says nothing about steps longer than the last column, about later steps, where the "
        + "policy and with it every vector has changed, or about other problems.")
    return sentences.joined(separator: " ")
  }

  /// `rules`, one object each, and the drift shares.
  var json: JSON {
    func numbers(_ interval: Interval) -> JSON {
      [
        "estimate": .real(interval.estimate), "low": .real(interval.low),
        "high": .real(interval.high),
      ]
    }
    let (raw, adam) = (update.statistics(.raw), update.statistics(.adam))
    var rules = JSONObject()
    for (own, scaled) in zip(raw.vectors, adam.vectors) {
      rules[own.name] = [
        "efficiency": numbers(own.efficiency), "batch_efficiency": numbers(own.batchEfficiency),
        "adam_efficiency": numbers(scaled.efficiency),
        "adam_batch_efficiency": numbers(scaled.batchEfficiency),
        "reliability": numbers(own.reliability), "adam_reliability": numbers(scaled.reliability),
        "validity_radius": .real(radius(own.name)),
      ]
    }
    return [
      "rollouts": .integer(plan.rollouts.count), "batches": .integer(update.batchCount),
      "batch_rollouts": .real(batchSize), "rules": .object(rules),
      "drift_share_marginal": numbers(raw.driftShareMarginal),
      "drift_share_conditional": numbers(raw.driftShareConditional),
      "adam_drift_share_marginal": numbers(adam.driftShareMarginal),
      "conclusion": .string(conclusion),
    ]
  }
}
