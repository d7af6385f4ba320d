// Forward-mode derivatives: how each scored token's log-probability changes along a direction.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// One such pass gives <∇ log π(y_t), θ̇> of every token t at once, where the backward would need
// one pass per token. Their weighted sum must equal the inner product from the backward. Each
// operation's file has its tangent rule.

extension Workspace {
  /// <∇θ log π(y_i | ·), direction> of every scored token of the last scored batch. (M)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func tokenDerivatives(along direction: borrowing GradientBuffer<Scalar>) -> [Double] {
    let direction = ParameterView(base: direction.values.base)
    let views = current
    let network = model.layout.network
    let (rows, scored) = (batch.rowCount, batch.scoredCount)
    let padding = Arena<Scalar>.padding * (widths.operationCount + 4)
    let memory = Buffer<Scalar>(
      count: rows * (hidden + (network.isParallel ? hidden : 0) + widths.gradients) + scored
        * (hidden + views.logits.columns) + padding)
    var arena = Arena(memory.base)
    let dx = arena.matrix(rows, hidden)
    // What all branches of a layer read; otherwise each reads the sum of those before it.
    let dLayer = network.isParallel ? arena.matrix(rows, hidden) : dx
    let dFeatures = arena.matrix(scored, hidden)
    let dLogits = arena.matrix(scored, views.logits.columns)

    for (index, input) in network.inputs.enumerated() {
      input.forward(
        direction, tokens: batch.tokens, positions: batch.positions, into: dx, adds: index > 0)
    }
    for layer in network.layers.indices {
      // Recomputed layers share one slot, so on the way up each layer must be recomputed.
      if !keepsOneBranch, !keepsActivations(of: layer) { forwardLayer(layer) }
      if network.isParallel { Backend.copy(dx, to: dLayer) }
      for (index, (branch, sites)) in zip(network.layers[layer], sites(layer)).enumerated() {
        // Another branch has overwritten it.
        if keepsOneBranch { forwardBranch(index, of: layer, sites) }
        var inner = arena
        var input = dLayer
        for (place, (operation, site)) in zip(branch, sites).enumerated() {
          let isLast = place == branch.count - 1
          if !isLast, !operation.keepsOutput { operation.forward(site) }
          let output = isLast ? dx : inner.matrix(rows, operation.outputWidth)
          operation.tangent(
            site, Derivative(input: input, output: output, beta: isLast ? 1 : 0),
            along: direction)
          input = output
        }
      }
    }
    keepLastSegment()
    let site = finalSite
    // The scored rows of the stream and of its tangent.
    Backend.gather(residual(network.layers.count), batch.scoredRows, into: site.input)
    let dScored = Matrix(views.gradients, rows: scored, columns: hidden)
    Backend.gather(dx, batch.scoredRows, into: dScored)
    network.finalNorm.tangent(
      site, Derivative(input: dScored, output: dFeatures, beta: 0), along: direction)
    return network.head.tangent(
      headSite, logSumExps: logSumExps, dFeatures: dFeatures, dLogits: dLogits, along: direction)
  }
}
