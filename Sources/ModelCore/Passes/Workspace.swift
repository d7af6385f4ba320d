// One worker's activations: memory for a forward and a backward pass of one packed batch.

/// All memory that a worker writes to while it runs a model. Each worker needs its own workspace.
///
/// The activations that a backward needs are stored for as many layers as the budget allows, from the top, and
/// recomputed for the others. Layer inputs are stored in addition; where they exceed a budget of their own, only those
/// of every n-th layer are, and the layers between are computed once more (Chen et al., 1604.06174). Recomputation
/// repeats the same products of the same shapes, so the budgets affect speed and memory but no bit of the result.
public final class Workspace<Scalar: ModelScalar> {
  public let model: Transformer<Scalar>
  let budgets: WorkspaceBudgets
  let hidden: Int  // C
  /// The most columns of the vocabulary whose logits exist at a time; the backward recomputes them.
  let vocabularyTile: Int
  let widths: WorkspaceWidths

  // Capacities, which determine the sizes of the buffers below.
  private(set) var rowCapacity = 0
  private var scoredCapacity = 0
  private var lengthCapacity = 0
  private var plan = ResidualPlan(layerCount: 0, spacing: 1)
  private var keptLayers = 0
  /// Whose layer inputs between two that are stored are in memory; nil for none.
  private var restoredSegment: Int?

  /// The batch of the last forward pass, and the sequences and sides of its rows.
  private(set) var batch = PackedSequences()
  private(set) var rows = BatchRows(positions: [], sequences: [], sides: [], positionCount: 0)
  /// The same for the scored rows.
  private(set) var scoredRows = BatchRows(
    positions: [], sequences: [], sides: [], positionCount: 0)

  // Stored by the forward pass.
  private var residuals = Buffer<Scalar>(count: 0)  // (stored residuals, R, C)
  private var slots = Buffer<Scalar>(count: 0)  // (kept + 1, R · slot width)
  var logSumExps: [Double] = []  // (M)

  // Scratch of the forward and the backward.
  private var scratch = Buffer<Scalar>(count: 0)
  private var views: Views?
  let tables = RotaryTables<Scalar>()
  private let panels = WeightPanels<Scalar>()

  /// The parameters, with this worker's memory for those that are stored elsewhere.
  var view: ParameterView<Scalar> { model.view(panels) }

  /// - Parameters:
  ///   - activationBudget: Bytes for stored activations in addition to the layer inputs.
  ///   - residualBudget: Bytes for layer inputs.
  public convenience init(
    _ model: Transformer<Scalar>, activationBudget: Int = 1 << 30, residualBudget: Int = 1 << 30
  ) {
    self.init(
      model, activationBudget: activationBudget, residualBudget: residualBudget,
      vocabularyTile: Self.vocabularyTile(model.layout))
  }

  private static func vocabularyTile(_ layout: ParameterLayout) -> Int {
    VocabularyHead.tile(layout.configuration.vocabularySize)
  }

  /// Bytes that a workspace takes for batches up to a size.
  ///
  /// - Parameters:
  ///   - rowCount: Rows of a batch, of all its sequences.
  ///   - scoredCount: Scored tokens of a batch.
  ///   - longest: Rows of the longest sequence.
  public static func byteCount(
    _ layout: ParameterLayout, rowCount: Int, scoredCount: Int, longest: Int
  ) -> Int {
    let hidden = layout.configuration.hiddenSize
    let stride = MemoryLayout<Scalar>.stride
    let sizes = WorkspaceSizes(
      layout.network, WorkspaceWidths(layout.network, hidden: hidden), hidden: hidden,
      rows: rowCount, scored: scoredCount, longest: longest,
      budgets: WorkspaceBudgets(activations: (1 << 30) / stride, residuals: (1 << 30) / stride),
      vocabularyTile: vocabularyTile(layout), padding: Arena<Scalar>.padding)
    return (sizes.residuals + sizes.slots + sizes.scratch) * stride
  }

  package init(
    _ model: Transformer<Scalar>, activationBudget: Int, residualBudget: Int = 1 << 30,
    vocabularyTile: Int
  ) {
    precondition(activationBudget >= 0 && residualBudget >= 0 && vocabularyTile > 0)
    BLAS.useOneThread
    self.model = model
    let stride = MemoryLayout<Scalar>.stride
    budgets = WorkspaceBudgets(
      activations: activationBudget / stride, residuals: residualBudget / stride)
    hidden = model.configuration.hiddenSize
    self.vocabularyTile = vocabularyTile
    widths = WorkspaceWidths(model.layout.network, hidden: model.configuration.hiddenSize)
  }

  /// Scratch of the current batch.
  struct Views {
    /// Outputs that a branch does not keep; the branches share it. (R · restored width)
    let restored: UnsafeMutablePointer<Scalar>
    /// Gradients within a branch; the branches share it. (R · gradient width)
    let gradients: UnsafeMutablePointer<Scalar>
    let dResidual: Matrix<Scalar>  // (R, C)
    /// The gradient of a layer's output, while its parallel branches change the stream's; no rows where they follow
    /// each other.
    let dLayer: Matrix<Scalar>  // (R, C)
    let features: Matrix<Scalar>  // (M, C)
    let dFeatures: Matrix<Scalar>  // (M, C)
    let logits: Matrix<Scalar>  // (M, vocabulary tile)
    /// Working memory of one operation at a time.
    let operation: UnsafeMutablePointer<Scalar>
  }

  /// Makes room for a batch; the buffers only ever grow.
  func prepare(for batch: PackedSequences) {
    self.batch = batch
    let count = batch.rowCount
    let scored = batch.scoredCount
    let sequences = (0..<batch.sequenceCount).map { batch.rows(ofSequences: $0..<$0 + 1) }
    let length = sequences.map(\.count).max() ?? 0
    precondition(count > 0 && scored > 0, "an empty batch")
    if count > rowCapacity || scored > scoredCapacity || length > lengthCapacity {
      rowCapacity = max(count, rowCapacity)
      scoredCapacity = max(scored, scoredCapacity)
      lengthCapacity = max(length, lengthCapacity)
      residuals = Buffer(count: 0)  // freed before the larger ones are made
      slots = Buffer(count: 0)
      scratch = Buffer(count: 0)
      let sizes = WorkspaceSizes(
        model.layout.network, widths, hidden: hidden, rows: rowCapacity, scored: scoredCapacity,
        longest: lengthCapacity, budgets: budgets, vocabularyTile: vocabularyTile,
        padding: Arena<Scalar>.padding)
      keptLayers = sizes.keptLayers
      plan = sizes.residualPlan
      residuals = Buffer(count: sizes.residuals)
      slots = Buffer(count: sizes.slots)
      scratch = Buffer(count: sizes.scratch)
    }
    restoredSegment = nil
    let sides = batch.sides
    rows = BatchRows(
      positions: batch.positions, sequences: sequences,
      sides: sides.map { batch.rows(ofSequences: $0) }, positionCount: lengthCapacity)
    scoredRows = BatchRows(
      positions: batch.scoredRows.map { batch.positions[Int($0)] }, sequences: [],
      sides: sides.map { batch.scored(ofSequences: $0) }, positionCount: lengthCapacity)
    var arena = Arena(scratch.base)
    let padding = Arena<Scalar>.padding * widths.operationCount
    views = Views(
      restored: arena.take(count * widths.restored + padding),
      gradients: arena.take(count * widths.gradients + padding),
      dResidual: arena.matrix(count, hidden),
      dLayer: arena.matrix(model.layout.network.isParallel ? count : 0, hidden),
      features: arena.matrix(scored, hidden),
      dFeatures: arena.matrix(scored, hidden),
      logits: arena.matrix(
        scored, WorkspaceSizes.vocabularyTile(vocabularyTile, scored: scored)),
      operation: arena.take(
        widths.operation(model.layout.network, longest: lengthCapacity, rows: count)))
  }

  /// The scratch of the prepared batch.
  var current: Views {
    guard let views else { preconditionFailure("a backward pass needs a forward pass first") }
    return views
  }

  /// Input of a layer (R, C); index L is the output of the last one. Those that are not stored share memory: see
  /// `restoreResidual`.
  func residual(_ layer: Int) -> Matrix<Scalar> {
    Matrix(
      residuals.base + plan.place(layer) * rowCapacity * hidden, rows: batch.rowCount,
      columns: hidden)
  }

  /// Computes the layer inputs around one again unless they are in memory.
  func restoreResidual(_ layer: Int) {
    guard let segment = plan.segment(of: layer), segment != restoredSegment else { return }
    for lower in plan.layersBefore(segment) { forwardLayer(lower) }
    restoredSegment = segment
  }

  /// After all layers have run from the bottom to the top.
  func keepLastSegment() { restoredSegment = plan.lastSegment }

  /// Whether only one branch's activations are in memory at a time.
  var keepsOneBranch: Bool { plan.isSparse && !model.layout.network.isParallel }

  /// Whether a layer's slot survives until its backward.
  func keepsActivations(of layer: Int) -> Bool {
    layer >= model.layout.network.layers.count - keptLayers
  }

  /// The sites of each branch of a layer. Stored outputs are in the layer's slot; recomputed layers
  /// share one slot. The other outputs are in scratch, which the branches share.
  func sites(_ layer: Int) -> [[Site<Scalar>]] {
    let views = current
    let branches = model.layout.network.layers[layer]
    let fromTop = branches.isEmpty ? 0 : model.layout.network.layers.count - 1 - layer
    let count = batch.rowCount
    let size = keepsOneBranch ? widths.branchSlot : widths.slot
    var slot = slots.base + min(fromTop, keptLayers) * rowCapacity * size
    func kept(_ width: Int) -> Matrix<Scalar> {
      defer { slot += count * width }
      return Matrix(slot, rows: count, columns: width)
    }
    var stream = residual(layer)
    let isParallel = model.layout.network.isParallel
    // The residual stream between branches comes first, so that branches can share the rest.
    let between = isParallel ? [] : branches.dropLast().map { _ in kept(hidden) }
    let shared = slot
    return branches.enumerated().map { index, branch in
      if keepsOneBranch { slot = shared }
      var restored = Arena(views.restored)
      let next = index == branches.count - 1 || isParallel ? residual(layer + 1) : between[index]
      var input = stream
      if !isParallel { stream = next }
      return branch.enumerated().map { place, operation in
        let isLast = place == branch.count - 1
        let output =
          isLast
          ? next
          : operation.keepsOutput
            ? kept(operation.outputWidth) : restored.matrix(count, operation.outputWidth)
        defer { input = output }
        return Site(
          parameters: view, rows: rows, tables: tables, input: input,
          output: output, beta: isLast ? 1 : 0, notes: kept(operation.notesPerRow).base,
          scratch: views.operation)
      }
    }
  }

  /// The site of the final norm: it reads the last layer's output at the scored rows, which are
  /// gathered into unused scratch.
  var finalSite: Site<Scalar> {
    let views = current
    return Site(
      parameters: view, rows: scoredRows, tables: tables,
      input: Matrix(views.restored, rows: batch.scoredCount, columns: hidden),
      output: views.features, beta: 0, notes: views.operation, scratch: views.operation)
  }

  /// The data of the vocabulary head.
  var headSite: VocabularyHead.Site<Scalar> {
    let views = current
    return VocabularyHead.Site(
      parameters: view, features: views.features, logits: views.logits,
      targets: batch.targets)
  }
}
