// Sizes and offsets of a workspace's matrices.

/// Scalars per row that the layers of a network need, the maximum over its layers.
struct WorkspaceWidths: Sendable {
  /// Stored outputs and notes of a layer, and the residual stream between its branches.
  private(set) var slot = 0
  /// Outputs of a branch that are not kept, and space for the scored rows of the stream.
  private(set) var restored: Int
  /// Gradients of all outputs of a branch, and space for those of the scored rows.
  private(set) var gradients: Int
  /// The largest number of operations in a branch.
  private(set) var operationCount = 1

  init(_ network: Network, hidden: Int) {
    restored = hidden
    gradients = hidden
    for branches in network.layers {
      var slot = network.isParallel ? 0 : max(0, branches.count - 1) * hidden
      for branch in branches {
        let inner = branch.dropLast()
        slot += branch.reduce(0) { $0 + $1.notesPerRow }
        slot += inner.reduce(0) { $0 + ($1.keepsOutput ? $1.outputWidth : 0) }
        restored = max(restored, inner.reduce(0) { $0 + ($1.keepsOutput ? 0 : $1.outputWidth) })
        gradients = max(gradients, inner.reduce(0) { $0 + $1.outputWidth })
        operationCount = max(operationCount, branch.count)
      }
      self.slot = max(self.slot, slot)
    }
  }

  /// Working memory of one operation at a time.
  func operation(_ network: Network, longest: Int) -> Int {
    (network.layers.joined().joined().map { $0.scratchCount(longest: longest) }
      + [network.finalNorm.scratchCount(longest: longest)]).max() ?? 0
  }
}

/// Scalars of each buffer of a workspace.
struct WorkspaceSizes {
  /// Layers whose activations are kept, from the top.
  let keptLayers: Int
  /// Activations of one layer.
  let slot: Int
  let residuals: Int
  let slots: Int
  let scratch: Int

  /// - Parameters:
  ///   - rows: Rows of the batch.
  ///   - scored: Scored rows of the batch.
  ///   - longest: Rows of the longest sequence.
  ///   - activationBudget: Scalars of kept activations.
  init(
    _ network: Network, _ widths: WorkspaceWidths, hidden: Int, rows: Int, scored: Int,
    longest: Int, activationBudget: Int, vocabularyTile: Int, padding: Int
  ) {
    let layerCount = network.layers.count
    slot = rows * widths.slot
    keptLayers = min(layerCount, activationBudget / slot)
    residuals = (layerCount + 1) * rows * hidden
    slots = (keptLayers + (keptLayers < layerCount ? 1 : 0)) * slot
    scratch =
      rows * (hidden + (network.isParallel ? hidden : 0) + widths.restored + widths.gradients)
      + scored * (2 * hidden + vocabularyTile) + widths.operation(network, longest: longest)
      + padding * (8 + widths.operationCount * 2)
  }
}

/// Hands out consecutive pieces of a buffer, each starting on a new cache line.
struct Arena<Scalar: ModelScalar> {
  private var next: UnsafeMutablePointer<Scalar>
  /// Scalars that the alignment of a piece may add to its size.
  static var padding: Int { 16 }

  init(_ base: UnsafeMutablePointer<Scalar>) {
    next = base
  }

  mutating func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    defer { next += (count + Self.padding - 1) / Self.padding * Self.padding }
    return next
  }

  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix<Scalar> {
    Matrix(take(rows * columns), rows: rows, columns: columns)
  }
}
