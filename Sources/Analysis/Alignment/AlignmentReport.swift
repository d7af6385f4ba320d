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
    for (name, group) in plan.collectionControls.flatMap(\.pairs) {
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

  /// The tables of the controls over all rollouts.
  public var controlTables: [String] {
    plan.collectionControls.compactMap { $0.table(summary) }
  }

  /// What the controls say about the cosine of the main pair, one sentence per control. Which
  /// sentence is chosen depends on the intervals.
  public var sentences: [String] {
    let controls: [any AlignmentControl] = plan.sampleControls + plan.collectionControls
    return controls.compactMap { $0.sentence(summary) }
  }
}
