// The backward pass: from coefficients on the scored tokens' log-probabilities to every parameter.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// The objective is Σ_i c_i log π(y_i | ·). Activation gradients overwrite, the residual stream's
// gradient accumulates, parameter gradients go to the receiver the moment they are complete.

extension Workspace {
  /// Runs the last scored batch backwards. Coefficients (M) weigh the tokens' log-probabilities.
  ///
  /// After it the workspace can run backwards again with other coefficients.
  func backward<Receiver: GradientReceiver>(
    coefficients: [Scalar], into receiver: inout Receiver
  ) where Receiver.Scalar == Scalar {
    precondition(coefficients.count == batch.scoredCount, "one coefficient a scored token")
    backwardTokens(coefficients, into: &receiver)
    for layer in (0..<model.configuration.layerCount).reversed() {
      if !keepsActivations(of: layer) { forwardLayer(layer) }
      backwardLayer(layer, into: &receiver)
    }
    receiver.embedding(tokens: batch.tokens, outputGradient: current.dResidual)
  }

  /// Head and final norm: fills dResidual, zero at rows that are not scored.
  private func backwardTokens<Receiver: GradientReceiver>(
    _ coefficients: [Scalar], into receiver: inout Receiver
  ) where Receiver.Scalar == Scalar {
    let views = current
    let tiles = vocabularyTiles
    for (index, vocabulary) in tiles.enumerated() {
      let dLogits = computeLogits(vocabulary)
      for m in 0..<batch.scoredCount {
        logSoftmaxBackward(
          dLogits.row(m), vocabulary: vocabulary, target: Int(batch.targets[m]),
          logSumExp: Scalar(logSumExps[m]), coefficient: coefficients[m])
      }
      receiver.head(vocabulary: vocabulary, input: views.features, outputGradient: dLogits)
      Matrix.multiply(
        dLogits, model.head(vocabulary: vocabulary), into: views.dFeatures,
        beta: index == 0 ? 0 : 1)
    }
    let dx = views.dResidual
    dx.base.update(repeating: 0, count: dx.rows * dx.columns)
    let last = residual(model.configuration.layerCount)
    let epsilon = Scalar(model.configuration.normEpsilon)
    let finalNorm = model.layout.finalNorm
    for (side, scored) in sideScored.enumerated() {
      views.dWeight.update(repeating: 0, count: hidden)
      for m in scored {
        let row = Int(batch.scoredRows[m])
        rmsNormBackward(
          last.row(row), weight: model.pointer(finalNorm), dy: views.dFeatures.row(m),
          count: hidden, epsilon: epsilon, beta: 0, dx: dx.row(row), dWeight: views.dWeight)
      }
      receiver.vector(finalNorm, side: side, gradient: views.dWeight)
    }
  }

  /// One layer: dResidual comes in as the gradient of its output and leaves as that of its input.
  private func backwardLayer<Receiver: GradientReceiver>(
    _ layer: Int, into receiver: inout Receiver
  ) where Receiver.Scalar == Scalar {
    let views = current
    let slot = slot(layer)
    let parameters = model.layout.layers[layer]
    let x = residual(layer)
    let dx = views.dResidual

    // MLP. The forward was: x' = xᵐ + W_down · swiGLU(W_gateUp · norm(xᵐ))
    normRows(slot.middle, weight: parameters.postAttentionNorm, into: views.normed)
    Matrix.multiply(dx, model.matrix(parameters.down), into: views.dGated)
    for row in 0..<views.dGated.rows {
      swiGLUBackward(
        slot.gateUp.row(row), dh: views.dGated.row(row), width: feedForward,
        h: views.gated.row(row), dGateUp: views.dGateUp.row(row))
    }
    receiver.linear(parameters.down, input: views.gated, outputGradient: dx)
    receiver.linear(parameters.gateUp, input: views.normed, outputGradient: views.dGateUp)
    Matrix.multiply(views.dGateUp, model.matrix(parameters.gateUp), into: views.dNormed)
    normRowsBackward(slot.middle, weight: parameters.postAttentionNorm, into: &receiver)

    // Attention. The forward was: xᵐ = x + O · attention(norm(x))
    normRows(x, weight: parameters.inputNorm, into: views.normed)
    rotateRows(slot.projections, parameters)
    receiver.linear(parameters.output, input: slot.attention, outputGradient: dx)
    Matrix.multiply(dx, model.matrix(parameters.output), into: views.dAttention)
    forEachSequence { rows, lseOffset in
      attentionBackward(
        heads(rotated: views.rotated, projections: slot.projections, rows),
        out: slot.attention.rows(rows), dOut: views.dAttention.rows(rows),
        logSumExp: slot.logSumExp + lseOffset,
        dHeads: heads(rotated: views.dProjections, projections: views.dProjections, rows),
        scores: views.scores, dScores: views.dScores)
    }
    rotateRowsBackward(slot.projections, parameters, into: &receiver)
    receiver.linear(
      parameters.queryKeyValue, input: views.normed, outputGradient: views.dProjections)
    Matrix.multiply(
      views.dProjections, model.matrix(parameters.queryKeyValue), into: views.dNormed)
    normRowsBackward(x, weight: parameters.inputNorm, into: &receiver)
  }

  /// dResidual += the norm's input gradient from dNormed.
  private func normRowsBackward<Receiver: GradientReceiver>(
    _ x: Matrix<Scalar>, weight: Int, into receiver: inout Receiver
  ) where Receiver.Scalar == Scalar {
    let views = current
    let epsilon = Scalar(model.configuration.normEpsilon)
    for (side, rows) in sideRows.enumerated() {
      views.dWeight.update(repeating: 0, count: hidden)
      for row in rows {
        rmsNormBackward(
          x.row(row), weight: model.pointer(weight), dy: views.dNormed.row(row), count: hidden,
          epsilon: epsilon, beta: 1, dx: views.dResidual.row(row), dWeight: views.dWeight)
      }
      receiver.vector(weight, side: side, gradient: views.dWeight)
    }
  }

  /// dProjections of query and key heads: back through rotation and norm, in place.
  private func rotateRowsBackward<Receiver: GradientReceiver>(
    _ projections: Matrix<Scalar>, _ parameters: ParameterLayout.Layer,
    into receiver: inout Receiver
  ) where Receiver.Scalar == Scalar {
    let configuration = model.configuration
    let dimension = configuration.headDimension
    let epsilon = Scalar(configuration.normEpsilon)
    let queryScale = 1 / Scalar(dimension).squareRoot()
    let views = current
    for (side, rows) in sideRows.enumerated() {
      views.dQueryNorm.update(repeating: 0, count: dimension)
      views.dKeyNorm.update(repeating: 0, count: dimension)
      for row in rows {
        let position = Int(batch.positions[row])
        for head in 0..<configuration.headCount + configuration.keyValueHeadCount {
          let isQuery = head < configuration.headCount
          let d = views.dProjections.row(row) + head * dimension
          rotateBack(
            d, position: position, scale: isQuery ? queryScale : 1, into: views.rowScratch)
          if let weight = isQuery ? parameters.queryNorm : parameters.keyNorm {
            rmsNormBackward(
              projections.row(row) + head * dimension, weight: model.pointer(weight),
              dy: views.rowScratch, count: dimension, epsilon: epsilon, beta: 0, dx: d,
              dWeight: isQuery ? views.dQueryNorm : views.dKeyNorm)
          } else {
            d.update(from: views.rowScratch, count: dimension)
          }
        }
      }
      if let weight = parameters.queryNorm {
        receiver.vector(weight, side: side, gradient: views.dQueryNorm)
      }
      if let weight = parameters.keyNorm {
        receiver.vector(weight, side: side, gradient: views.dKeyNorm)
      }
    }
  }
}
