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
      "update rule", "reliability", "efficiency vs RL", "95% interval", "Adam's first step",
      "95% interval", "first token", "cosine with -U_m", "valid to |step|",
    ])
    for rule in UpdateVector.rules {
      let efficiency = summary[update + ["raw", "efficiency"], rule.name]
      let step = summary[update + ["step", "batch_efficiency"], rule.name]
      let radius = summary[["controls", FirstOrder.name, "validity_radius"], rule.name].estimate
      table.add([
        rule.name, fixed(summary[update + ["raw", "reliability"], rule.name].estimate, 2),
        fixed(efficiency.estimate, 2), efficiency.ends(2),
        fixed(step.estimate, 2), step.ends(2),
        fixed(summary[update + ["raw", "first_token_share"], rule.name].estimate, 2),
        fixed(cosine(rule.name, "drift-PreRL").estimate, 2), significant(radius, 2),
      ])
    }
    return table.text + (Self.unboundedNote(table.text, summary.rolloutCount) ?? "")
  }

  /// What a dash or an unbounded interval of a table means; nil for a table without.
  static func unboundedNote(_ table: String, _ rollouts: Int) -> String? {
    guard table.contains(" - ") || table.contains("unbounded") else { return nil }
    return "\nunbounded: in \(rollouts) rollouts one of the vectors compared may be noise alone, "
      + "so that every value is possible"
  }
}
