// Sizes and offsets of a workspace's matrices.

/// Scalars per row that the layers of a network need, the maximum over its layers.
struct WorkspaceWidths: Sendable {
  /// Stored outputs and notes of a layer, and the residual stream between its branches.
  private(set) var slot = 0
  /// The same where the branches of a layer share the memory of their outputs and notes.
  private(set) var branchSlot = 0
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
      let between = network.isParallel ? 0 : max(0, branches.count - 1) * hidden
      var slot = between
      for branch in branches {
        let inner = branch.dropLast()
        let own =
          branch.reduce(0) { $0 + $1.notesPerRow }
          + inner.reduce(0) { $0 + ($1.keepsOutput ? $1.outputWidth : 0) }
        slot += own
        branchSlot = max(branchSlot, between + own)
        restored = max(restored, inner.reduce(0) { $0 + ($1.keepsOutput ? 0 : $1.outputWidth) })
        gradients = max(gradients, inner.reduce(0) { $0 + $1.outputWidth })
        operationCount = max(operationCount, branch.count)
      }
      self.slot = max(self.slot, slot)
    }
  }

  /// Working memory of one operation at a time.
  func operation(_ network: Network, longest: Int, rows: Int) -> Int {
    (network.layers.joined().joined().map {
      $0.scratchCount(longest: longest) + rows * $0.scratchPerRow
    }
      + [network.finalNorm.scratchCount(longest: longest)]).max() ?? 0
  }
}

/// Scalars that a workspace may store.
struct WorkspaceBudgets {
  /// Activations within layers.
  let activations: Int
  /// Inputs of layers.
  let residuals: Int
}

/// Which inputs of layers are stored: those of every n-th layer, and those of one segment between two of them.
struct ResidualPlan {
  let layerCount: Int
  /// n
  let spacing: Int

  /// All inputs if they are at most `limit`, else those of the smallest spacing that keeps to the limit, or the fewest.
  init(layerCount: Int, limit: Int) {
    let plans = (1...max(1, layerCount)).map { ResidualPlan(layerCount: layerCount, spacing: $0) }
    self =
      plans.first { $0.count <= limit } ?? plans.min { $0.count < $1.count }
      ?? ResidualPlan(layerCount: layerCount, spacing: 1)
  }

  init(layerCount: Int, spacing: Int) {
    self.layerCount = layerCount
    self.spacing = spacing
  }

  var isSparse: Bool { spacing > 1 }
  private var storedCount: Int { layerCount / spacing + 1 }
  /// Inputs in memory at a time.
  var count: Int { storedCount + spacing - 1 }

  /// Where an input is; index L is the output of the last layer.
  func place(_ index: Int) -> Int {
    index.isMultiple(of: spacing) ? index / spacing : storedCount + index % spacing - 1
  }

  /// The segment of an input that is not stored.
  func segment(of index: Int) -> Int? {
    index.isMultiple(of: spacing) ? nil : index / spacing
  }

  /// The layers that compute a segment's inputs from the stored one below.
  func layersBefore(_ segment: Int) -> Range<Int> {
    let start = segment * spacing
    return start..<min(layerCount, start + spacing - 1)
  }

  /// The segment that a pass over all layers leaves in memory.
  var lastSegment: Int? {
    guard isSparse else { return nil }
    return layerCount.isMultiple(of: spacing) ? layerCount / spacing - 1 : layerCount / spacing
  }
}

/// Scalars of each buffer of a workspace.
struct WorkspaceSizes {
  let residualPlan: ResidualPlan
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
  init(
    _ network: Network, _ widths: WorkspaceWidths, hidden: Int, rows: Int, scored: Int,
    longest: Int, budgets: WorkspaceBudgets, vocabularyTile: Int, padding: Int
  ) {
    let layerCount = network.layers.count
    residualPlan = ResidualPlan(
      layerCount: layerCount, limit: budgets.residuals / max(1, rows * hidden))
    slot =
      rows * (residualPlan.isSparse && !network.isParallel ? widths.branchSlot : widths.slot)
    keptLayers = residualPlan.isSparse ? 0 : min(layerCount, budgets.activations / slot)
    residuals = residualPlan.count * rows * hidden
    slots = (keptLayers + (keptLayers < layerCount ? 1 : 0)) * slot
    scratch =
      rows * (hidden + (network.isParallel ? hidden : 0) + widths.restored + widths.gradients)
      + scored * 2 * hidden + Self.logitCount(vocabularyTile, scored: scored)
      + widths.operation(network, longest: longest, rows: rows)
      + padding * (8 + widths.operationCount * 2)
  }
}

extension WorkspaceSizes {
  /// Logits in memory, unless there are more scored rows than words in the smallest tile.
  private static let logitLimit = 1 << 26
  private static let smallestTile = 1024

  /// Columns of the vocabulary at a time: fewer for many scored rows. It depends on the batch alone, since the tiles'
  /// sums round differently.
  static func vocabularyTile(_ most: Int, scored: Int) -> Int {
    min(most, max(smallestTile, logitLimit / max(1, scored)))
  }

  /// Logits of batches of at most so many scored rows.
  static func logitCount(_ most: Int, scored: Int) -> Int {
    min(scored * most, max(logitLimit, scored * smallestTile))
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
