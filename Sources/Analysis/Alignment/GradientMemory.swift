// Memory for the gradients of the controls over all rollouts.
import ModelCore

/// What such a control may hold beside the model and the workspaces.
///
/// The number of passes over the rollouts follows from it, and no result does.
public struct GradientMemory: Sendable {
  public let layout: ParameterLayout
  /// Bytes of a scalar.
  public let scalarSize: Int
  public let threads: Int
  /// Bytes of the model and of the threads' workspaces.
  public let fixedBytes: Int
  /// Bytes in all, the fixed ones included.
  public let limit: Int

  /// Whether the model's parameters are in memory; otherwise a control that changes them copies them first.
  let isInMemory: Bool

  /// OpenBLAS's own buffer for a thread.
  static let bytesPerThread = 32 << 20
  /// The program without any numbers.
  private static let programBytes = 48 << 20

  /// Rollouts that go through the model together.
  static let packRollouts = 8

  /// - Parameter limit: Bytes in all, the model included.
  package init<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, _ model: Transformer<Scalar>, threads: Int, limit: Int
  ) {
    let layout = model.layout
    self.layout = layout
    isInMemory = model.isInMemory
    self.threads = threads
    self.limit = limit
    scalarSize = MemoryLayout<Scalar>.stride
    // The largest batches that can come up: those of a batch gradient, and those of a `SequenceScorer`.
    let sequences = plan.rollouts.indices.map { index in
      [true, false].map { plan.sequence(index, marginal: $0) }.max { $0.rowCount < $1.rowCount }
    }.compactMap(\.self)
    func largest(_ size: (ScoredSequence) -> Int) -> Int {
      let sizes = sequences.map(size)
      return max(
        sizes.sorted(by: >).prefix(Self.packRollouts).reduce(0, +),
        min(SequenceScorer<Scalar>.packRows, sizes.reduce(0, +)))
    }
    let workspace = Workspace<Scalar>.byteCount(
      layout, rowCount: max(1, largest(\.rowCount)), scoredCount: largest(\.scoredCount),
      longest: sequences.map(\.rowCount).max() ?? 0)
    // One more than the threads: first-order steps keep one beside those of the workers.
    fixedBytes =
      model.byteCount
      + (threads + 1) * (workspace + model.panelByteCount + Self.bytesPerThread)
      + Self.programBytes
  }

  /// Bytes for gradients.
  var available: Int { limit - fixedBytes }

  /// Bytes of so many whole gradients.
  func bytes(ofWhole count: Int) -> Int { count * layout.count * scalarSize }

  /// Slices of the parameters with which so many gradients fit; nil if they do not.
  ///
  /// - Parameters:
  ///   - rows: Gradients of which exactly a slice is held.
  ///   - buffers: Gradients that backward passes write to.
  package func slices(rows: Int, buffers: Int) -> [Range<Int>]? {
    layout.slices(
      rowCount: rows, bufferCount: buffers, scalarSize: scalarSize, byteLimit: available)
  }

  /// The fewest bytes with which `slices` finds slices.
  func leastBytes(rows: Int, buffers: Int) -> Int {
    layout.leastSliceBytes(rowCount: rows, bufferCount: buffers, scalarSize: scalarSize)
  }

  /// Bytes in all with which the controls over all rollouts of a plan can be measured.
  func leastBytes(of plan: AlignmentPlan) -> Int {
    fixedBytes + (plan.collectionControls.map { $0.leastBytes(plan, self) }.max() ?? 0)
  }

  /// Refuses a plan whose controls over all rollouts need more than there is.
  func check(_ plan: AlignmentPlan) throws(MemoryLimitExceeded) {
    let needs = plan.collectionControls.map { ($0, $0.leastBytes(plan, self)) }
    guard let (control, bytes) = needs.max(by: { $0.1 < $1.1 }), bytes > available else { return }
    throw exceeded(by: type(of: control).name, bytes)
  }

  /// The error of a control that needs so many bytes for gradients.
  func exceeded(by control: String, _ bytes: Int) -> MemoryLimitExceeded {
    MemoryLimitExceeded(control: control, needed: fixedBytes + bytes, limit: limit)
  }
}

/// A memory limit under which a control cannot be measured.
public struct MemoryLimitExceeded: Error, Hashable, Sendable, CustomStringConvertible {
  /// The control's name.
  public let control: String
  /// Bytes that it needs in all, the model included.
  public let needed: Int
  /// Bytes that it may use.
  public let limit: Int

  public var description: String {
    "the control \(control) needs \(needed) bytes of memory (expected at most \(limit))"
  }
}
