// The backward pass: from the gradient of the scored rows' states to every parameter.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// Activation gradients overwrite, and the residual stream's gradient accumulates. Parameter
// gradients go to the receiver as soon as they are complete.

extension Workspace {
  /// Runs the backward pass of Σ_i c_i log π(y_i | ·) over the batch that was scored last.
  ///
  /// It can be called again with other coefficients.
  ///
  /// - Parameter coefficients: One per scored token, in order. (M)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(coefficients: [Scalar], into receiver: any GradientReceiver<Scalar>) {
    precondition(coefficients.count == batch.scoredCount, "one coefficient a scored token")
    var receiver = receiver
    if model.differentiatesAdapterAlone, let start = model.layout.adapterStart {
      receiver = AdapterGradients(receiver, from: start)
    }
    model.layout.network.head.backward(
      headSite, logSumExps: logSumExps, coefficients: coefficients,
      dFeatures: current.dFeatures, into: receiver)
    backwardFeatures(into: receiver)
  }

  /// From the gradient of the features, in `dFeatures`, through final norm, layers and embedding.
  func backwardFeatures(into receiver: any GradientReceiver<Scalar>) {
    let views = current
    let network = model.layout.network
    restoreResidual(network.layers.count)
    let site = finalSite
    // Recomputed layers have overwritten the gathered rows.
    Backend.gather(residual(network.layers.count), batch.scoredRows, into: site.input)
    let dScored = Matrix(views.gradients, rows: batch.scoredCount, columns: hidden)
    network.finalNorm.backward(
      site, Derivative(input: dScored, output: views.dFeatures, beta: 0), into: receiver)
    Backend.clear(views.dResidual)
    Backend.scatter(dScored, batch.scoredRows, into: views.dResidual)
    for layer in network.layers.indices.reversed() {
      if layer < receiver.lowestLayer { return }
      restoreResidual(layer)
      if !keepsActivations(of: layer) { forwardLayer(layer) }
      let sites = sites(layer)
      if network.isParallel { Backend.copy(views.dResidual, to: views.dLayer) }
      for branch in sites.indices.reversed() {
        // The branches above have overwritten it; it costs their forward once more.
        if keepsOneBranch, branch < sites.count - 1 {
          forwardBranch(branch, of: layer, sites[branch])
        }
        backwardBranch(
          network.layers[layer][branch], sites[branch],
          dOutput: network.isParallel ? views.dLayer : views.dResidual, into: receiver)
      }
    }
    if receiver.lowestLayer >= 0 { return }
    for input in network.inputs {
      input.backward(
        tokens: batch.tokens, positions: batch.positions, views.dResidual, into: receiver)
    }
  }

  /// x' = x + o_n(… o_1(x)): adds the gradient of x through the branch to dResidual.
  ///
  /// - Parameter dOutput: The gradient of x'; dResidual itself where branches follow each other.
  private func backwardBranch(
    _ branch: Network.Branch, _ sites: [Site<Scalar>], dOutput: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    let views = current
    let last = branch.count - 1
    for (operation, site) in zip(branch, sites).dropLast() where !operation.keepsOutput {
      operation.restore(site)
    }
    var arena = Arena(views.gradients)
    let dOutputs = branch.dropLast().map { arena.matrix(batch.rowCount, $0.outputWidth) }
    let gradients = branch.indices.map { place in
      Derivative(
        input: place == 0 ? views.dResidual : dOutputs[place - 1],
        output: place == last ? dOutput : dOutputs[place], beta: place == 0 ? 1 : 0)
    }
    // Parameter gradients are handed over one step late, since an operation's input may be restored
    // only by the backward of the operation before it. The first operation reads the residual
    // stream and changes the stream's gradient, so all others are handed over before it.
    for place in branch.indices.reversed() {
      if place == 0, last > 0 { branch[1].deliver(sites[1], gradients[1], into: receiver) }
      branch[place].backward(sites[place], gradients[place], into: receiver)
      if place > 0, place < last {
        branch[place + 1].deliver(sites[place + 1], gradients[place + 1], into: receiver)
      }
    }
    branch[0].deliver(sites[0], gradients[0], into: receiver)
  }
}
