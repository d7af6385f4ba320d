// The table of an alignment run, and what its controls say in words.
import Analysis
import Statistics
import Tables

/// Statistics of a run, looked up by key.
struct AlignmentReport {
  private let byKey: [String: Interval]
  private let plan: AlignmentPlan

  init(_ summary: AlignmentSummary, plan: AlignmentPlan) {
    byKey = Dictionary(
      summary.statistics.map { ($0.key, $0.interval) }, uniquingKeysWith: { first, _ in first })
    self.plan = plan
  }

  private func value(_ key: String) -> Interval { byKey[key] ?? .undefined }

  /// Cosine, inner product and log-probability gap of the main pair and of every control.
  ///
  /// - Parameter paper: adds the values that the paper reports.
  func table(paper: Bool) -> String {
    var table = TextTable(
      ["pair", "cosine", "95% interval", "inner product", "min .. max", "negative", "log-prob gap"])
    table.add(row("log P(y) with log P(y|x)", prefix: ""))
    for column in plan.controlColumns {
      table.add(row(column.label, prefix: "controls.\(column.label)."))
    }
    for (name, key) in [
      ("cross: same rollout", "same_rollout"), ("cross: same problem", "same_problem"),
      ("cross: other problem", "other_problem"),
    ] {
      let cosine = value("controls.cross.\(key).cosine_mean")
      guard !cosine.estimate.isNaN else { continue }
      let inner = value("controls.cross.\(key).inner_product_mean")
      table.add([
        name, fixed(cosine.estimate, 2), interval(cosine), significant(inner.estimate, 3), "", "",
        "",
      ])
    }
    if paper {
      // Second-hand values of arXiv 2604.14142: AMC23, 400 rollouts of 40 problems.
      table.add([
        "paper's Qwen3-4B (second hand)", "0.44", "not given", "9.23", "0.94 .. 46.18", "0.0%",
        "0.16",
      ])
    }
    return table.text
  }

  private func row(_ name: String, prefix: String) -> [String] {
    let cosine = value(prefix + "cosine_mean")
    let least = value(prefix + "inner_product_min").estimate
    let most = value(prefix + "inner_product_max").estimate
    return [
      name, fixed(cosine.estimate, 2), interval(cosine),
      significant(value(prefix + "inner_product_mean").estimate, 3),
      "\(significant(least, 2)) .. \(significant(most, 3))",
      fixed(100 * value(prefix + "negative_fraction").estimate, 1) + "%",
      fixed(value(prefix + "logp_gap_mean").estimate, 2),
    ]
  }

  private func interval(_ interval: Interval) -> String {
    interval.low.isNaN ? "-" : "\(fixed(interval.low, 2)) .. \(fixed(interval.high, 2))"
  }

  /// Batch vectors of the rules: reliability, surrogate efficiency, validity.
  var updateTable: String? {
    guard plan.controls.contains(.update) else { return nil }
    var table = TextTable([
      "update rule", "reliability", "efficiency vs RL", "95% interval", "in Adam's metric",
      "cosine with -U_m", "valid to |step|",
    ])
    for rule in UpdateVector.rules {
      let efficiency = value("controls.update.raw.efficiency.\(rule.name)")
      let radius = value("controls.first-order.validity_radius.\(rule.name)").estimate
      table.add([
        rule.name, fixed(value("controls.update.raw.reliability.\(rule.name)").estimate, 2),
        fixed(efficiency.estimate, 2), interval(efficiency),
        fixed(value("controls.update.adam.efficiency.\(rule.name)").estimate, 2),
        fixed(cosine(rule.name, "drift-PreRL").estimate, 2), significant(radius, 2),
      ])
    }
    guard table.text.contains(" - ") else { return table.text }
    return table.text + "\n-: withheld, because a signal it is divided by is not told from noise "
      + "by \(plan.rollouts.count) rollouts"
  }

  /// The corrected cosine of two rules, in whichever order it was stored.
  private func cosine(_ first: String, _ second: String) -> Interval {
    if first == second { return Interval(withoutInterval: 1) }
    return byKey["controls.update.raw.cosine.\(first).\(second)"]
      ?? value("controls.update.raw.cosine.\(second).\(first)")
  }

  /// Three sentences on what the controls say about the main number; they follow the intervals.
  var sentences: [String] {
    var sentences: [String] = []
    let main = value("cosine_mean")
    let mismatched = value("controls.mismatched-prompt.cosine_mean")
    let random = value("controls.random-prompt.cosine_mean")
    let shuffled = value("controls.shuffled-response.cosine_mean")
    if !mismatched.estimate.isNaN, !random.estimate.isNaN, !shuffled.estimate.isNaN {
      let nulls = [
        ("another problem's prompt", mismatched), ("a random prompt", random),
        ("shuffled tokens", shuffled),
      ]
      let alike = nulls.filter { $0.1.high >= main.low }.map(\.0)
      let verdict =
        alike.isEmpty
        ? "so dropping the prompt keeps more of the gradient than these nulls do"
        : "so with \(alike.joined(separator: " and ")) the cosine is as high, and a positive value "
          + "by itself says nothing about dropping the prompt"
      sentences.append(
        "The cosine of log P(y) and log P(y|x) is \(fixed(main.estimate, 2)); the same response "
          + "gives \(fixed(mismatched.estimate, 2)) with another problem's prompt, "
          + "\(fixed(random.estimate, 2)) with a random prompt and "
          + "\(fixed(shuffled.estimate, 2)) with shuffled tokens, \(verdict).")
    }
    let other = value("controls.cross.other_problem.cosine_mean")
    if !other.estimate.isNaN {
      let isZero = other.low <= 0 && other.high >= 0
      sentences.append(
        "Between rollouts of different problems the cosine is \(fixed(other.estimate, 2)) "
          + "(\(interval(other))), "
          + (isZero
            ? "which is not distinguishable from 0: the alignment comes from sharing the response."
            : "which is not 0: rollouts share a direction whatever their problem."))
    }
    let share = value("controls.update.raw.drift_share_marginal")
    let withDrift = cosine("NSR-PreRL", "drift-PreRL")
    let prerl = value("controls.update.raw.efficiency.PreRL")
    let nsr = value("controls.update.raw.efficiency.NSR-PreRL")
    if !share.estimate.isNaN {
      let gain =
        nsr.estimate.isNaN || prerl.estimate.isNaN
        ? "\(plan.rollouts.count) rollouts are too few to say what share of RL's gain NSR-PreRL "
          + "promises (prerl surrogate takes more)"
        : "NSR-PreRL promises \(fixed(nsr.estimate, 2)) of RL's gain at equal step length, PreRL with both "
          + "signs \(fixed(prerl.estimate, 2))"
      sentences.append(
        "In batch updates the sign-blind push is \(fixed(100 * share.estimate, 0))% of the "
          + "null-context signal: NSR-PreRL has cosine \(fixed(withDrift.estimate, 2)) with pushing "
          + "every response down, and \(gain).")
    }
    return sentences
  }
}
