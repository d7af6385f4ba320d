// The forward pass: embedding, layers, scored tokens.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.

extension Workspace {
  /// Log-probability and entropy of every scored token of a batch.
  ///
  /// The values of a row depend on the batch alone: its tokens, their order, nothing else.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func score(_ batch: PackedSequences) -> TokenScores {
    prepare(for: batch)
    embed()
    for layer in 0..<model.configuration.layerCount { forwardLayer(layer) }
    return scoreTokens()
  }

  /// x⁰ = E[tokens]
  private func embed() {
    let x = residual(0)
    let table = model.pointer(model.layout.embedding)
    for (row, token) in batch.tokens.enumerated() {
      x.row(row).update(from: table + Int(token) * hidden, count: hidden)
    }
  }

  /// One layer from its kept input; fills the layer's slot and the next layer's input.
  func forwardLayer(_ layer: Int) {
    let views = current
    let slot = slot(layer)
    let parameters = model.layout.layers[layer]
    let x = residual(layer)
    let next = residual(layer + 1)

    // Attention: xᵐ = x + O · attention(norm(x))
    normRows(x, weight: parameters.inputNorm, into: views.normed)
    Matrix.multiply(
      views.normed, transposed: model.matrix(parameters.queryKeyValue), into: slot.projections)
    addBiases(parameters.queryKeyValue, to: slot.projections)
    rotateRows(slot.projections, parameters)
    forEachSequence { rows, lseOffset in
      attention(
        heads(rotated: views.rotated, projections: slot.projections, rows),
        into: slot.attention.rows(rows), logSumExp: slot.logSumExp + lseOffset,
        scores: views.scores)
    }
    copyRows(of: x, to: slot.middle)
    Matrix.multiply(
      slot.attention, transposed: model.matrix(parameters.output), into: slot.middle, beta: 1)

    // MLP: x' = xᵐ + W_down · swiGLU(W_gateUp · norm(xᵐ))
    normRows(slot.middle, weight: parameters.postAttentionNorm, into: views.normed)
    Matrix.multiply(views.normed, transposed: model.matrix(parameters.gateUp), into: slot.gateUp)
    for row in 0..<views.gated.rows {
      swiGLU(slot.gateUp.row(row), width: feedForward, into: views.gated.row(row))
    }
    copyRows(of: slot.middle, to: next)
    Matrix.multiply(
      views.gated, transposed: model.matrix(parameters.down), into: next, beta: 1)
  }

  func normRows(_ x: Matrix<Scalar>, weight: Int, into y: Matrix<Scalar>) {
    let epsilon = Scalar(model.configuration.normEpsilon)
    let weight = model.pointer(weight)
    for row in 0..<x.rows {
      rmsNorm(x.row(row), weight: weight, count: hidden, epsilon: epsilon, into: y.row(row))
    }
  }

  private func addBiases(_ layers: ParameterLayout.FusedLinear, to y: Matrix<Scalar>) {
    guard let first = layers.biases.first else { return }
    let bias = model.pointer(first)  // adjacent in the layout
    for row in 0..<y.rows { addScaled(1, bias, to: y.row(row), count: y.columns) }
  }

  /// Norm (Qwen3) and rotation of query and key heads; queries take in attention's factor 1/√D.
  func rotateRows(_ projections: Matrix<Scalar>, _ parameters: ParameterLayout.Layer) {
    let configuration = model.configuration
    let dimension = configuration.headDimension
    let epsilon = Scalar(configuration.normEpsilon)
    let queryScale = 1 / Scalar(dimension).squareRoot()
    let queryNorm = parameters.queryNorm.map { model.pointer($0) }
    let keyNorm = parameters.keyNorm.map { model.pointer($0) }
    let views = current
    for row in 0..<projections.rows {
      let position = Int(batch.positions[row])
      for head in 0..<configuration.headCount + configuration.keyValueHeadCount {
        let isQuery = head < configuration.headCount
        let x = projections.row(row) + head * dimension
        let out = views.rotated.row(row) + head * dimension
        let scale = isQuery ? queryScale : 1
        if let weight = isQuery ? queryNorm : keyNorm {
          rmsNorm(x, weight: weight, count: dimension, epsilon: epsilon, into: views.rowScratch)
          rotate(views.rowScratch, position: position, scale: scale, into: out)
        } else {
          rotate(x, position: position, scale: scale, into: out)
        }
      }
    }
  }

  /// Calls the body with the rows of each sequence and the place of its log-sum-exps.
  func forEachSequence(_ body: (_ rows: Range<Int>, _ lseOffset: Int) -> Void) {
    for sequence in 0..<batch.sequenceCount {
      let rows = batch.rows(ofSequences: sequence..<sequence + 1)
      body(rows, rows.lowerBound * model.configuration.headCount)
    }
  }

  /// Query, key and value heads of one sequence; the values are the projections' last columns.
  func heads(
    rotated: Matrix<Scalar>, projections: Matrix<Scalar>, _ rows: Range<Int>
  ) -> AttentionHeads<Scalar> {
    AttentionHeads(
      queryKey: rotated.rows(rows).columns(0..<queryKeyWidth),
      value: projections.rows(rows).columns(queryKeyWidth..<projectionWidth),
      headCount: model.configuration.headCount,
      keyValueHeadCount: model.configuration.keyValueHeadCount,
      headDimension: model.configuration.headDimension)
  }

  func copyRows(of x: Matrix<Scalar>, to y: Matrix<Scalar>) {
    y.base.update(from: x.base, count: x.rows * x.columns)
  }

  /// Tiles of the vocabulary, in order.
  var vocabularyTiles: [Range<Int>] {
    let size = model.configuration.vocabularySize
    return stride(from: 0, to: size, by: vocabularyTile).map {
      $0..<min($0 + vocabularyTile, size)
    }
  }

  /// logits (M, tile) = f · W_headᵀ
  func computeLogits(_ vocabulary: Range<Int>) -> Matrix<Scalar> {
    let views = current
    let logits = Matrix(
      views.logits.base, rows: views.logits.rows, columns: vocabulary.count,
      stride: views.logits.stride)
    Matrix.multiply(views.features, transposed: model.head(vocabulary: vocabulary), into: logits)
    return logits
  }

  private func scoreTokens() -> TokenScores {
    let views = current
    let last = residual(model.configuration.layerCount)
    let epsilon = Scalar(model.configuration.normEpsilon)
    let weight = model.pointer(model.layout.finalNorm)
    for (index, row) in batch.scoredRows.enumerated() {
      rmsNorm(
        last.row(Int(row)), weight: weight, count: hidden, epsilon: epsilon,
        into: views.features.row(index))
    }
    var running = [RunningSoftmax](repeating: RunningSoftmax(), count: batch.scoredCount)
    var targetLogits = [Double](repeating: 0, count: batch.scoredCount)
    for vocabulary in vocabularyTiles {
      let logits = computeLogits(vocabulary)
      for index in 0..<batch.scoredCount {
        let row = logits.row(index)
        running[index].add(row, count: vocabulary.count)
        let target = Int(batch.targets[index])
        if vocabulary.contains(target) {
          targetLogits[index] = Double(row[target - vocabulary.lowerBound])
        }
      }
    }
    logSumExps = running.map(\.logSumExp)
    return TokenScores(
      logProbabilities: zip(targetLogits, logSumExps).map { $0 - $1 },
      entropies: running.map(\.entropy))
  }
}
