// What the control `update` prints.
import Statistics
import Tables

extension Update {
  /// The update rules' batch gradients: reliability, surrogate efficiency and validity radius.
  public func table(_ summary: AlignmentSummary) -> String? {
    let update = ["controls", Self.name]
    /// The noise-corrected cosine of two rules, in either order.
    func cosine(_ first: String, _ second: String) -> Interval {
      if first == second { return Interval(withoutInterval: 1) }
      let group = update + ["raw", "cosine"]
      let cosine = summary[group + [first], second]
      return cosine.estimate.isNaN ? summary[group + [second], first] : cosine
    }
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
      + "noise in \(summary.rolloutCount) rollouts"
  }
}
