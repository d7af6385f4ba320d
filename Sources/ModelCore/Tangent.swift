// Forward-mode derivatives: how each scored token's log-probability changes along a direction.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// With dots for derivatives along θ̇: a linear layer y = x Wᵀ has ẏ = ẋ Wᵀ + x Ẇᵀ; a norm
// y = w ∘ x̂, x̂ = x r, has ẏ = ẇ ∘ x̂ + w ∘ r (ẋ − x̂ mean(x̂ ∘ ẋ)); a softmax P of scores s has
// Ṗ = P ∘ (ṡ − Σ P ṡ). One such pass gives <∇ log π(y_t), θ̇> of every token t at once, where the
// backward would need one pass a token; their weighted sum must equal the backward's inner product.
import RealModule

extension Workspace {
  /// <∇θ log π(y_i | ·), direction> of every scored token of the last scored batch. (M)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func tokenDerivatives(along direction: borrowing GradientBuffer<Scalar>) -> [Double] {
    let tangent = Tangent(self, direction: direction.values.base)
    tangent.embed()
    for layer in 0..<model.configuration.layerCount {
      // Recomputed slots are shared from the top down; going up, each layer makes its own again.
      if !keepsActivations(of: layer) { forwardLayer(layer) }
      tangent.layer(layer)
    }
    return tangent.scoreTokens()
  }
}

/// The tangent of a forward pass under way.
private struct Tangent<Scalar: ModelScalar>: ~Copyable {
  let workspace: Workspace<Scalar>
  let direction: UnsafeMutablePointer<Scalar>
  let memory: Buffer<Scalar>
  let dx: Matrix<Scalar>  // (R, C), the residual stream's tangent
  let dNormed: Matrix<Scalar>  // (R, C)
  let dProjections: Matrix<Scalar>  // (R, (H + 2G)·D)
  let dRotated: Matrix<Scalar>  // (R, (H + G)·D)
  let dAttention: Matrix<Scalar>  // (R, H·D)
  let dGateUp: Matrix<Scalar>  // (R, 2F)
  let dGated: Matrix<Scalar>  // (R, F)
  let dFeatures: Matrix<Scalar>  // (M, C)
  let dLogits: Matrix<Scalar>  // (M, tile)
  let dHead: UnsafeMutablePointer<Scalar>  // (D)

  init(_ workspace: Workspace<Scalar>, direction: UnsafeMutablePointer<Scalar>) {
    self.workspace = workspace
    self.direction = direction
    let rows = workspace.batch.rowCount
    let scored = workspace.batch.scoredCount
    let hidden = workspace.hidden
    let shapes = [
      (rows, hidden), (rows, hidden), (rows, workspace.projectionWidth),
      (rows, workspace.queryKeyWidth), (rows, workspace.queryWidth),
      (rows, 2 * workspace.feedForward), (rows, workspace.feedForward), (scored, hidden),
      (scored, workspace.vocabularyTile),
    ]
    let dimension = workspace.model.configuration.headDimension
    memory = Buffer(count: shapes.reduce(0) { $0 + $1.0 * $1.1 } + dimension)
    var next = memory.base
    let matrices = shapes.map { shape in
      defer { next += shape.0 * shape.1 }
      return Matrix(next, rows: shape.0, columns: shape.1)
    }
    (dx, dNormed, dProjections) = (matrices[0], matrices[1], matrices[2])
    (dRotated, dAttention, dGateUp) = (matrices[3], matrices[4], matrices[5])
    (dGated, dFeatures, dLogits) = (matrices[6], matrices[7], matrices[8])
    dHead = next
  }

  private var model: Transformer<Scalar> { workspace.model }

  /// The direction's values of a parameter.
  private func dot(_ parameter: Int) -> UnsafeMutablePointer<Scalar> {
    direction + model.layout.parameters[parameter].offset
  }

  /// ẏ = ẋ Wᵀ + x Ẇᵀ + beta · ẏ
  private func linear(
    _ layers: ParameterLayout.FusedLinear, _ x: Matrix<Scalar>, _ dx: Matrix<Scalar>,
    into dy: Matrix<Scalar>, beta: Scalar = 0
  ) {
    let weight = model.matrix(layers)
    let dWeight = Matrix(dot(layers.weights[0]), rows: weight.rows, columns: weight.columns)
    Matrix.multiply(dx, transposed: weight, into: dy, beta: beta)
    Matrix.multiply(x, transposed: dWeight, into: dy, beta: 1)
    if let bias = layers.biases.first {
      for row in 0..<dy.rows { addScaled(1, dot(bias), to: dy.row(row), count: dy.columns) }
    }
  }

  /// ẏ of a norm over one row.
  private func norm(
    _ x: UnsafePointer<Scalar>, _ dx: UnsafePointer<Scalar>, weight: Int, count: Int,
    into dy: UnsafeMutablePointer<Scalar>
  ) {
    let w = model.pointer(weight)
    let dw = dot(weight)
    let epsilon = Scalar(model.configuration.normEpsilon)
    let r = inverseRootMeanSquare(x, count: count, epsilon: epsilon)
    let pull = ModelCore.dot(x, dx, count: count) * r * r / Scalar(count)
    for i in 0..<count { dy[i] = dw[i] * (x[i] * r) + w[i] * r * (dx[i] - x[i] * pull) }
  }

  func embed() {
    let table = dot(model.layout.embedding)
    for (row, token) in workspace.batch.tokens.enumerated() {
      dx.row(row).update(from: table + Int(token) * dx.columns, count: dx.columns)
    }
  }

  /// One layer: dx comes in as the tangent of its input and leaves as that of its output.
  func layer(_ index: Int) {
    let views = workspace.current
    let slot = workspace.slot(index)
    let parameters = model.layout.layers[index]
    let x = workspace.residual(index)

    // Attention
    workspace.normRows(x, weight: parameters.inputNorm, into: views.normed)
    for row in 0..<x.rows {
      norm(
        x.row(row), dx.row(row), weight: parameters.inputNorm, count: x.columns,
        into: dNormed.row(row))
    }
    linear(parameters.queryKeyValue, views.normed, dNormed, into: dProjections)
    workspace.rotateRows(slot.projections, parameters)
    rotateRows(slot.projections, parameters)
    workspace.forEachSequence { rows, lseOffset in
      attention(
        workspace.heads(rotated: views.rotated, projections: slot.projections, rows),
        workspace.heads(rotated: dRotated, projections: dProjections, rows), rows,
        logSumExp: slot.logSumExp + lseOffset)
    }
    linear(parameters.output, slot.attention, dAttention, into: dx, beta: 1)

    // MLP
    workspace.normRows(slot.middle, weight: parameters.postAttentionNorm, into: views.normed)
    for row in 0..<x.rows {
      norm(
        slot.middle.row(row), dx.row(row), weight: parameters.postAttentionNorm,
        count: x.columns, into: dNormed.row(row))
    }
    linear(parameters.gateUp, views.normed, dNormed, into: dGateUp)
    let width = workspace.feedForward
    for row in 0..<x.rows {
      let gate = slot.gateUp.row(row)
      let up = gate + width
      let dGate = dGateUp.row(row)
      let dUp = dGate + width
      let gated = views.gated.row(row)
      let out = dGated.row(row)
      swiGLU(gate, width: width, into: gated)
      Scalar.sigmoid(gate, count: width, into: out)
      for i in 0..<width {
        let s = out[i]
        let silu = gate[i] * s
        out[i] = dGate[i] * up[i] * (s + silu * (1 - s)) + silu * dUp[i]
      }
    }
    linear(parameters.down, views.gated, dGated, into: dx, beta: 1)
  }

  private func rotateRows(_ projections: Matrix<Scalar>, _ parameters: ParameterLayout.Layer) {
    let configuration = model.configuration
    let dimension = configuration.headDimension
    let queryScale = 1 / Scalar(dimension).squareRoot()
    for row in 0..<projections.rows {
      let position = Int(workspace.batch.positions[row])
      for head in 0..<configuration.headCount + configuration.keyValueHeadCount {
        let isQuery = head < configuration.headCount
        let scale = isQuery ? queryScale : 1
        let offset = head * dimension
        let out = dRotated.row(row) + offset
        if let weight = isQuery ? parameters.queryNorm : parameters.keyNorm {
          norm(
            projections.row(row) + offset, dProjections.row(row) + offset, weight: weight,
            count: dimension, into: dHead)
          workspace.rotate(dHead, position: position, scale: scale, into: out)
        } else {
          workspace.rotate(
            dProjections.row(row) + offset, position: position, scale: scale, into: out)
        }
      }
    }
  }

  /// ȯ = Ṗ V + P V̇ of one sequence, with ṡ = q̇ kᵀ + q k̇ᵀ.
  private func attention(
    _ heads: AttentionHeads<Scalar>, _ dHeads: AttentionHeads<Scalar>, _ rows: Range<Int>,
    logSumExp: UnsafePointer<Scalar>
  ) {
    let views = workspace.current
    let length = rows.count
    for head in 0..<heads.headCount {
      let out = heads.columns(of: dAttention.rows(rows), head)
      for first in stride(from: 0, to: length, by: attentionTile) {
        let tile = first..<min(first + attentionTile, length)
        let keys = 0..<tile.upperBound
        let scores = Matrix(views.scores, rows: tile.count, columns: keys.count)
        let dScores = Matrix(views.dScores, rows: tile.count, columns: keys.count)
        let query = heads.query(head).rows(tile)
        let key = heads.key(ofQuery: head).rows(keys)
        Matrix.multiply(query, transposed: key, into: scores)
        Matrix.multiply(dHeads.query(head).rows(tile), transposed: key, into: dScores)
        Matrix.multiply(
          query, transposed: dHeads.key(ofQuery: head).rows(keys), into: dScores, beta: 1)
        for t in tile {
          let p = scores.row(t - first)
          let dp = dScores.row(t - first)
          _ = Scalar.exponentiate(p, count: t + 1, shift: logSumExp[head * length + t])
          let mean = ModelCore.dot(p, dp, count: t + 1)
          for s in 0...t { dp[s] = p[s] * (dp[s] - mean) }
          for s in t + 1..<max(keys.count, t + 1) {
            p[s] = 0
            dp[s] = 0
          }
        }
        Matrix.multiply(dScores, heads.value(ofQuery: head).rows(keys), into: out.rows(tile))
        Matrix.multiply(
          scores, dHeads.value(ofQuery: head).rows(keys), into: out.rows(tile), beta: 1)
      }
    }
  }

  /// d log π(y) = l̇_y − Σ_v π(v) l̇_v
  func scoreTokens() -> [Double] {
    let views = workspace.current
    let batch = workspace.batch
    let last = workspace.residual(model.configuration.layerCount)
    for (m, row) in batch.scoredRows.enumerated() {
      norm(
        last.row(Int(row)), dx.row(Int(row)), weight: model.layout.finalNorm, count: dx.columns,
        into: dFeatures.row(m))
    }
    let dTable = Matrix(
      dot(model.layout.head), rows: model.configuration.vocabularySize, columns: dx.columns)
    var derivatives = [Double](repeating: 0, count: batch.scoredCount)
    for vocabulary in workspace.vocabularyTiles {
      let logits = workspace.computeLogits(vocabulary)
      let tile = Matrix(
        dLogits.base, rows: dLogits.rows, columns: vocabulary.count, stride: dLogits.stride)
      Matrix.multiply(dFeatures, transposed: model.head(vocabulary: vocabulary), into: tile)
      Matrix.multiply(views.features, transposed: dTable.rows(vocabulary), into: tile, beta: 1)
      for m in 0..<batch.scoredCount {
        let p = logits.row(m)
        let shift = Scalar(workspace.logSumExps[m])
        _ = Scalar.exponentiate(p, count: vocabulary.count, shift: shift)
        derivatives[m] -= wideDot(p, tile.row(m), count: vocabulary.count)
        let target = Int(batch.targets[m])
        if vocabulary.contains(target) {
          derivatives[m] += Double(tile.row(m)[target - vocabulary.lowerBound])
        }
      }
    }
    return derivatives
  }
}
