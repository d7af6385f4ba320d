// The controls that look at all rollouts at once.
import KeyedRandom
import ModelCore

/// Results of `cross`, `update` and `first-order`; nil for those that were not asked for.
public struct FileControls: Sendable {
  public var cross: CrossMatrix?
  public var update: UpdateControl?
  public var firstOrder: FirstOrderControl?

  public init(
    cross: CrossMatrix? = nil, update: UpdateControl? = nil, firstOrder: FirstOrderControl? = nil
  ) {
    self.cross = cross
    self.update = update
    self.firstOrder = firstOrder
  }

  /// Whether a plan asks for any of them.
  public static func isNeeded(_ plan: AlignmentPlan) -> Bool {
    plan.controls.contains { [.cross, .update, .firstOrder].contains($0) }
  }

  /// The memory for batch vectors in bytes, where the plan needs them.
  public static func batchVectorBytes<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, _ model: Transformer<Scalar>
  ) -> Int {
    plan.controls.contains { [.update, .firstOrder].contains($0) }
      ? BatchVectors<Scalar>.byteCount(model.layout) : 0
  }

  /// Measures what the plan asks for.
  ///
  /// - Parameter progress: Gets a label and the share that is done.
  /// - Returns: nil if it was stopped.
  public static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: (String, Double) -> Void = { _, _ in }
  ) throws -> FileControls? {
    var results = FileControls()
    if plan.controls.contains(.cross) {
      results.cross = try CrossMatrix.measure(
        plan, model: model, threads: threads, shouldStop: shouldStop
      ) { progress("cross", $0) }
      if results.cross == nil { return nil }
    }
    guard plan.controls.contains(.update) || plan.controls.contains(.firstOrder) else {
      return results
    }
    let batches = UpdateBatches(
      plan.rollouts,
      key: RandomKey(seed: plan.options.seed).derive("alignment controls").derive("update"))
    guard
      let vectors = try BatchVectors<Scalar>.measure(
        plan, batches: batches, model: model, threads: threads, shouldStop: shouldStop,
        progress: { progress("update", $0) })
    else { return nil }
    if plan.controls.contains(.firstOrder) {
      results.firstOrder = try FirstOrderControl.measure(
        plan, batches: batches, vectors: vectors, model: model, threads: threads,
        shouldStop: shouldStop
      ) { progress("first-order", $0) }
      if results.firstOrder == nil { return nil }
    }
    if plan.controls.contains(.update) {
      results.update = UpdateControl.measure(plan, batches: batches, vectors: vectors)
    }
    return results
  }
}
