// One worker's activations: memory for a forward and a backward pass of one packed batch.

/// Everything that a worker writes to while it runs a model; one worker, one workspace.
///
/// Layer inputs are always kept. What else a layer needs for its backward is kept for as many
/// layers as the budget allows, from the top, and computed again for the others: the same products
/// of the same shapes, so the budget changes speed and memory and not one bit of the result.
public final class Workspace<Scalar: ModelScalar> {
  public let model: Transformer<Scalar>
  /// Bytes for kept activations.
  let activationBudget: Int

  // Widths of rows.
  let hidden: Int  // C
  let queryWidth: Int  // H·D
  let queryKeyWidth: Int  // (H + G)·D
  let projectionWidth: Int  // (H + 2G)·D
  let feedForward: Int  // F
  /// Vocabulary columns whose logits exist at a time; the backward computes them again.
  let vocabularyTile: Int

  // Capacities; the buffers below are sized by them.
  private(set) var rowCapacity = 0
  private var scoredCapacity = 0
  private var lengthCapacity = 0
  private var keptLayers = 0

  /// The batch of the last forward pass.
  var batch = PackedSequences()

  // Kept by the forward pass.
  private var residuals = Buffer<Scalar>(count: 0)  // (L + 1, R, C)
  private var slots = Buffer<Scalar>(count: 0)  // (kept + 1, R · slotWidth)
  var logSumExps: [Double] = []  // (M)

  // Scratch of both directions.
  private var scratch = Buffer<Scalar>(count: 0)
  private var views: Views?
  private var rotary: RotaryTable<Scalar>

  /// - Parameter activationBudget: Bytes of kept activations beside the layer inputs.
  public convenience init(_ model: Transformer<Scalar>, activationBudget: Int = 1 << 30) {
    let size = model.configuration.vocabularySize
    self.init(
      model, activationBudget: activationBudget, vocabularyTile: size <= 16_384 ? size : 8_192)
  }

  package init(_ model: Transformer<Scalar>, activationBudget: Int, vocabularyTile: Int) {
    precondition(activationBudget >= 0 && vocabularyTile > 0)
    BLAS.useOneThread
    self.model = model
    self.activationBudget = activationBudget
    let configuration = model.configuration
    let dimension = configuration.headDimension
    hidden = configuration.hiddenSize
    queryWidth = configuration.headCount * dimension
    queryKeyWidth = (configuration.headCount + configuration.keyValueHeadCount) * dimension
    projectionWidth = (configuration.headCount + 2 * configuration.keyValueHeadCount) * dimension
    feedForward = configuration.feedForwardSize
    self.vocabularyTile = vocabularyTile
    rotary = RotaryTable(configuration, positions: 0)
  }

  /// Scratch matrices with the rows of the current batch.
  struct Views {
    let normed: Matrix<Scalar>  // (R, C)
    let rotated: Matrix<Scalar>  // (R, (H + G)·D)
    let gated: Matrix<Scalar>  // (R, F)
    let dResidual: Matrix<Scalar>  // (R, C)
    let dNormed: Matrix<Scalar>  // (R, C)
    let dGated: Matrix<Scalar>  // (R, F)
    let dGateUp: Matrix<Scalar>  // (R, 2F)
    let dAttention: Matrix<Scalar>  // (R, H·D)
    let dProjections: Matrix<Scalar>  // (R, (H + 2G)·D)
    let features: Matrix<Scalar>  // (M, C)
    let dFeatures: Matrix<Scalar>  // (M, C)
    let logits: Matrix<Scalar>  // (M, vocabulary tile)
    let scores: UnsafeMutablePointer<Scalar>  // (attention tile, T)
    let dScores: UnsafeMutablePointer<Scalar>  // (attention tile, T)
    let rowScratch: UnsafeMutablePointer<Scalar>  // (D)
    let dWeight: UnsafeMutablePointer<Scalar>  // (C)
    let dQueryNorm: UnsafeMutablePointer<Scalar>  // (D)
    let dKeyNorm: UnsafeMutablePointer<Scalar>  // (D)
  }

  /// What a layer keeps for its backward.
  struct Slot {
    let projections: Matrix<Scalar>  // (R, (H + 2G)·D), before norm and rotation
    let attention: Matrix<Scalar>  // (R, H·D)
    let middle: Matrix<Scalar>  // (R, C), the residual stream between attention and MLP
    let gateUp: Matrix<Scalar>  // (R, 2F)
    let logSumExp: UnsafeMutablePointer<Scalar>  // (H, R), sequence after sequence
  }

  private var slotWidth: Int {
    projectionWidth + queryWidth + hidden + 2 * feedForward + model.configuration.headCount
  }

  /// Makes room for a batch; the buffers only ever grow.
  func prepare(for batch: PackedSequences) {
    self.batch = batch
    let configuration = model.configuration
    let rows = batch.rowCount
    let scored = batch.scoredCount
    let length = zip(batch.sequenceStarts, batch.sequenceStarts.dropFirst()).map { $1 - $0 }.max()
    precondition(rows > 0 && scored > 0, "an empty batch")
    if length! > rotary.positions {
      rotary = RotaryTable(configuration, positions: max(length!, 2 * rotary.positions))
    }
    if rows > rowCapacity || scored > scoredCapacity || length! > lengthCapacity {
      rowCapacity = max(rows, rowCapacity)
      scoredCapacity = max(scored, scoredCapacity)
      lengthCapacity = max(length!, lengthCapacity)
      residuals = Buffer(count: 0)  // freed before the larger ones are made
      slots = Buffer(count: 0)
      scratch = Buffer(count: 0)
      let slotSize = rowCapacity * slotWidth
      keptLayers = min(
        configuration.layerCount, activationBudget / (slotSize * MemoryLayout<Scalar>.stride))
      residuals = Buffer(count: (configuration.layerCount + 1) * rowCapacity * hidden)
      let slotCount = keptLayers + (keptLayers < configuration.layerCount ? 1 : 0)
      slots = Buffer(count: slotCount * slotSize)
      scratch = Buffer(
        count: rowCapacity * (3 * hidden + 2 * queryWidth + projectionWidth + 4 * feedForward)
          + rowCapacity * queryKeyWidth + scoredCapacity * (2 * hidden + vocabularyTile)
          + 2 * attentionTile * lengthCapacity + hidden + 3 * configuration.headDimension + 64 * 24)
    }
    views = makeViews(rows: rows, scored: scored)
  }

  private func makeViews(rows: Int, scored: Int) -> Views {
    var next = scratch.base
    func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
      defer { next += (count + 15) & ~15 }  // each matrix starts on a cache line
      return next
    }
    func matrix(_ rows: Int, _ columns: Int) -> Matrix<Scalar> {
      Matrix(take(rows * columns), rows: rows, columns: columns)
    }
    let dimension = model.configuration.headDimension
    return Views(
      normed: matrix(rows, hidden), rotated: matrix(rows, queryKeyWidth),
      gated: matrix(rows, feedForward), dResidual: matrix(rows, hidden),
      dNormed: matrix(rows, hidden), dGated: matrix(rows, feedForward),
      dGateUp: matrix(rows, 2 * feedForward), dAttention: matrix(rows, queryWidth),
      dProjections: matrix(rows, projectionWidth), features: matrix(scored, hidden),
      dFeatures: matrix(scored, hidden), logits: matrix(scored, vocabularyTile),
      scores: take(attentionTile * lengthCapacity), dScores: take(attentionTile * lengthCapacity),
      rowScratch: take(dimension), dWeight: take(hidden), dQueryNorm: take(dimension),
      dKeyNorm: take(dimension))
  }

  /// The scratch matrices of the prepared batch.
  var current: Views {
    guard let views else { preconditionFailure("a backward pass needs a forward pass first") }
    return views
  }

  /// Input of a layer (R, C); index L is the output of the last one.
  func residual(_ layer: Int) -> Matrix<Scalar> {
    Matrix(
      residuals.base + layer * rowCapacity * hidden, rows: batch.rowCount, columns: hidden)
  }

  /// Whether a layer's slot survives until its backward.
  func keepsActivations(of layer: Int) -> Bool {
    layer >= model.configuration.layerCount - keptLayers
  }

  /// A layer's slot; layers that are computed again share the last one.
  func slot(_ layer: Int) -> Slot {
    let fromTop = model.configuration.layerCount - 1 - layer
    let rows = batch.rowCount
    var next = slots.base + min(fromTop, keptLayers) * rowCapacity * slotWidth
    func matrix(_ columns: Int) -> Matrix<Scalar> {
      defer { next += rows * columns }
      return Matrix(next, rows: rows, columns: columns)
    }
    return Slot(
      projections: matrix(projectionWidth), attention: matrix(queryWidth), middle: matrix(hidden),
      gateUp: matrix(2 * feedForward), logSumExp: next)
  }

  /// Rows of each side and scored rows of each side.
  var sideRows: [Range<Int>] { batch.sides.map { batch.rows(ofSequences: $0) } }
  var sideScored: [Range<Int>] { batch.sides.map { batch.scored(ofSequences: $0) } }

  @inline(__always)
  func rotate(
    _ x: UnsafePointer<Scalar>, position: Int, scale: Scalar,
    into out: UnsafeMutablePointer<Scalar>
  ) {
    rotary.rotate(x, position: position, scale: scale, into: out)
  }

  @inline(__always)
  func rotateBack(
    _ dy: UnsafePointer<Scalar>, position: Int, scale: Scalar,
    into dx: UnsafeMutablePointer<Scalar>
  ) {
    rotary.rotateBack(dy, position: position, scale: scale, into: dx)
  }
}
