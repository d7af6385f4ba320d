// Whether controls read from a file can be computed with: their statistics trap on wrong shapes.

extension FileControls {
  /// The first thing that is not as the plan says, or nil.
  func problem(_ plan: AlignmentPlan) -> String? {
    cross.flatMap { Self.problem($0, plan) } ?? update.flatMap(Self.problem)
      ?? firstOrder.flatMap { Self.problem($0, plan) }
  }

  private static func problem(_ cross: CrossMatrix, _ plan: AlignmentPlan) -> String? {
    let count = cross.samples.count
    let (products, overflow) = count.multipliedReportingOverflow(by: count)
    guard !overflow, cross.innerProducts.count == products,
      cross.normsMarginal.count == count, cross.normsConditional.count == count
    else { return "a cross matrix whose parts differ in size (expected \(count) rows and columns)" }
    guard cross.samples.allSatisfy(plan.rollouts.indices.contains) else {
      return "a cross matrix of rollouts that are not there (expected \(plan.rollouts.count))"
    }
    return nil
  }

  private static func problem(_ update: UpdateControl) -> String? {
    let (vectors, batches) = (update.vectorNames.count, update.batchCount)
    let limit = 1 << 12  // so that no product of sizes overflows
    guard (2...limit).contains(batches), vectors <= limit,
      update.gram.count == vectors * vectors * batches * batches,
      update.batchRollouts.count == batches, update.batchTokens.count == batches
    else {
      return "batch products whose parts differ in size (expected \(vectors) vectors, "
        + "\(batches) batches)"
    }
    guard Set(update.vectorNames).count == vectors else {
      return "batch products in which two vectors have one name"
    }
    for metric in UpdateControl.Metric.allCases {
      let basis = ["C_m", "D_m", "C_c", "D_c"].map { metric.rawValue + $0 }
      let rules = metric.rules.flatMap { $0.prefixed(metric.rawValue).coefficients.keys.sorted() }
      for name in basis + rules where !update.vectorNames.contains(name) {
        return "batch products without the vector \(name)"
      }
    }
    return nil
  }

  private static func problem(_ control: FirstOrderControl, _ plan: AlignmentPlan) -> String? {
    let count = control.lengths.count
    for direction in control.samples + control.rules
    where direction.predicted.count != count || direction.actual.count != count
      || direction.collateral.count != count
    {
      return "changes along \(direction.name) of other steps (expected \(count))"
    }
    let samples = control.samples.map { $0.sample ?? -1 }
    guard samples.allSatisfy(plan.rollouts.indices.contains) else {
      return "steps along rollouts that are not there (expected \(plan.rollouts.count))"
    }
    return control.rules.contains { $0.sample != nil } ? "a rule that is a rollout" : nil
  }
}
