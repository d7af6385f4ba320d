// The controls that look at all rollouts at once: cross, update and first-order.
import HDF5
import Statistics
import Tables

extension AlignmentFile {
  func writeFileControls(_ root: HDF5Group, _ controls: FileControls) throws {
    if let cross = controls.cross { try write(cross, root.createGroup("controls/cross")) }
    if let update = controls.update { try write(update, root.createGroup("controls/update")) }
    if let firstOrder = controls.firstOrder {
      try write(firstOrder, root.createGroup("controls/first-order"))
    }
  }

  private func write(_ cross: CrossMatrix, _ group: HDF5Group) throws {
    let axes = ["marginal_sample", "conditional_sample"]
    try group.scale(axes[0], cross.samples, longName: "rollout of the null-context gradient")
    try group.scale(axes[1], cross.samples, longName: "rollout of the conditional gradient")
    try group.variable(
      "inner_product", cross.innerProducts, over: axes, longName: "inner product of two gradients")
    try group.variable("cosine", cross.cosines, over: axes, longName: "cosine of two gradients")
    try group.variable(
      "norm_marginal", cross.normsMarginal, over: [axes[0]],
      longName: "norm of the null-context gradient")
    try group.variable(
      "norm_conditional", cross.normsConditional, over: [axes[1]],
      longName: "norm of the conditional gradient")
    try group.markAsData(
      signal: "cosine", axes: axes,
      title: "Null-context gradient of one rollout, conditional gradient of another")
  }

  // MARK: - Update

  private func write(_ update: UpdateControl, _ group: HDF5Group) throws {
    for name in ["vector_a", "vector_b"] {
      try group.scale(name, count: update.vectorNames.count, longName: "batch vector")
    }
    for name in ["batch_a", "batch_b"] {
      try group.scale(name, count: update.batchCount, longName: "batch")
    }
    let axes = ["vector_a", "vector_b", "batch_a", "batch_b"]
    try group.variable(
      "gram", update.gram, over: axes, longName: "inner product of two batch vectors")
    try group.variable(
      "vector_name", update.vectorNames, over: ["vector_a"], longName: "name of the batch vector")
    try group.variable(
      "batch_rollouts", update.batchRollouts, over: ["batch_a"], longName: "rollouts of the batch")
    try group.variable(
      "batch_tokens", update.batchTokens, over: ["batch_a"], units: "token",
      longName: "response tokens of the batch")
    try group.markAsData(signal: "gram", axes: axes, title: "Products of batch vectors")
    for metric in UpdateControl.Metric.allCases {
      try write(
        update.statistics(metric), group.createGroup(metric.name), title: metric.title)
    }
  }

  private func write(_ statistics: UpdateStatistics, _ group: HDF5Group, title: String) throws {
    let vectors = statistics.vectors
    let count = vectors.count
    for name in ["rule", "rule_a", "rule_b"] {
      try group.scale(name, count: count, longName: "update rule")
    }
    try group.variable(
      "rule_name", vectors.map(\.name), over: ["rule"], longName: "name of the update rule")
    func variable(
      _ name: String, _ intervals: [Interval], over scales: [String], _ longName: String
    ) throws {
      try group.variable(name, intervals.map(\.estimate), over: scales, longName: longName)
      try group.variable(
        name + "_low", intervals.map(\.low), over: scales, longName: longName + ", lower end")
      try group.variable(
        name + "_high", intervals.map(\.high), over: scales, longName: longName + ", upper end")
    }
    try variable(
      "reliability", vectors.map(\.reliability), over: ["rule"],
      "reliability of a batch vector")
    try variable(
      "efficiency", vectors.map(\.efficiency), over: ["rule"], "surrogate efficiency without noise")
    try variable(
      "batch_efficiency", vectors.map(\.batchEfficiency), over: ["rule"],
      "surrogate efficiency at this batch size")
    try variable(
      "corrected_cosine", statistics.cosineMatrix, over: ["rule_a", "rule_b"],
      "noise-corrected cosine")
    for (name, interval, space) in [
      ("drift_share_marginal", statistics.driftShareMarginal, "null-context space"),
      ("drift_share_conditional", statistics.driftShareConditional, "prompt space"),
    ] {
      let longName = "share of the sign-blind push, \(space)"
      try group.scalar(name, interval.estimate, longName: longName)
      try group.scalar(name + "_low", interval.low, longName: longName + ", lower end")
      try group.scalar(name + "_high", interval.high, longName: longName + ", upper end")
    }
    try group.markAsData(
      signal: "corrected_cosine", axes: ["rule_a", "rule_b"],
      title: "Noise-corrected cosines of update rules, \(title)")
  }

  // MARK: - First order

  private func write(_ control: FirstOrderControl, _ group: HDF5Group) throws {
    let directions = control.samples + control.rules
    try group.scale("direction", count: directions.count, longName: "direction of the step")
    try group.scale("step", count: control.lengths.count, longName: "step length, by factors of 2")
    try group.variable(
      "direction_name", directions.map { storable($0.name) }, over: ["direction"],
      longName: "update rule, or the rollout whose null-context gradient is the direction")
    try group.variable(
      "direction_sample", directions.map { $0.sample ?? -1 }, over: ["direction"],
      longName: "rollout, -1 for an update rule")
    try group.variable(
      "length", control.lengths, over: ["step"], longName: "Euclidean length of the step")
    let objective = "of log P(y|x), or of the objective of held-out rollouts for an update rule"
    for (name, longName, values) in [
      ("predicted", "predicted change \(objective)", directions.flatMap(\.predicted)),
      ("actual", "actual change \(objective)", directions.flatMap(\.actual)),
      (
        "collateral", "mean change of log P(y|x) per token of other rollouts",
        directions.flatMap(\.collateral)
      ),
    ] {
      try group.variable(
        name, values, over: ["direction", "step"], units: "nat", longName: longName)
    }
    try group.variable(
      "validity_radius", directions.map(control.validityRadius), over: ["direction"],
      longName: "largest step whose effect is predicted to 10%")
    try group.markAsData(
      signal: "actual", axes: ["direction", "step"], title: "Effect of steps along the gradients")
  }
}
