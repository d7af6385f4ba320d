// The tables of an alignment run, and sentences that interpret its controls.
import Statistics
import Tables

/// The statistics of a run as text.
public struct AlignmentReport: Sendable {
  private let summary: AlignmentSummary
  private let plan: AlignmentPlan

  public init(_ summary: AlignmentSummary, plan: AlignmentPlan) {
    self.summary = summary
    self.plan = plan
  }

  /// Cosine, inner product and log-probability gap of the main pair and of every control.
  ///
  /// - Parameter paper: adds the values that the paper reports.
  public func table(paper: Bool) -> String {
    var table = TextTable(
      ["pair", "cosine", "95% interval", "inner product", "min .. max", "negative", "log-prob gap"])
    table.add(row("log P(y) with log P(y|x)", []))
    for entry in plan.entries { table.add(row(entry.label, ["controls"] + entry.path)) }
    for (name, kind) in [
      ("cross: same rollout", "same_rollout"), ("cross: same problem", "same_problem"),
      ("cross: other problem", "other_problem"),
    ] {
      let group = ["controls", Cross.name, kind]
      let cosine = summary[group, "cosine_mean"]
      guard !cosine.estimate.isNaN else { continue }
      table.add([
        name, fixed(cosine.estimate, 2), cosine.ends(2),
        significant(summary[group, "inner_product_mean"].estimate, 3), "", "", "",
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

  private func row(_ name: String, _ group: [String]) -> [String] {
    let cosine = summary[group, "cosine_mean"]
    let least = summary[group, "inner_product_min"].estimate
    let most = summary[group, "inner_product_max"].estimate
    return [
      name, fixed(cosine.estimate, 2), cosine.ends(2),
      significant(summary[group, "inner_product_mean"].estimate, 3),
      "\(significant(least, 2)) .. \(significant(most, 3))",
      fixed(100 * summary[group, "negative_fraction"].estimate, 1) + "%",
      fixed(summary[group, "logp_gap_mean"].estimate, 2),
    ]
  }

  /// The table of the update rules' batch gradients: reliability, surrogate efficiency and validity
  /// radius. Nil without the control `update`.
  public var updateTable: String? {
    guard plan.controlNames.contains(Update.name) else { return nil }
    let update = ["controls", Update.name]
    var table = TextTable([
      "update rule", "reliability", "efficiency vs RL", "95% interval", "in Adam's metric",
      "cosine with -U_m", "valid to |step|",
    ])
    for rule in UpdateVector.rules {
      let efficiency = summary[update + ["raw", "efficiency"], rule.name]
      let radius = summary[["controls", FirstOrder.name, "validity_radius"], rule.name].estimate
      table.add([
        rule.name, fixed(summary[update + ["raw", "reliability"], rule.name].estimate, 2),
        fixed(efficiency.estimate, 2), efficiency.ends(2),
        fixed(summary[update + ["adam", "efficiency"], rule.name].estimate, 2),
        fixed(cosine(rule.name, "drift-PreRL").estimate, 2), significant(radius, 2),
      ])
    }
    guard table.text.contains(" - ") else { return table.text }
    return table.text
      + "\n-: not estimated: one of the vectors it compares is indistinguishable from "
      + "noise in \(plan.rollouts.count) rollouts"
  }

  /// The noise-corrected cosine of two rules, in either order.
  private func cosine(_ first: String, _ second: String) -> Interval {
    if first == second { return Interval(withoutInterval: 1) }
    let group = ["controls", Update.name, "raw", "cosine"]
    let cosine = summary[group + [first], second]
    return cosine.estimate.isNaN ? summary[group + [second], first] : cosine
  }

  /// What the controls say about the cosine of the main pair, one sentence per control. Which
  /// sentence is chosen depends on the intervals.
  public var sentences: [String] {
    let controls: [any AlignmentControl] = plan.sampleControls + plan.collectionControls
    return controls.compactMap { $0.sentence(summary) }
  }
}
