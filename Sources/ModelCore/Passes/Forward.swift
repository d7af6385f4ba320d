// The forward pass: from tokens to the normed states of the scored rows, and to their scores.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.

extension Workspace {
  /// Log-probability and entropy of every scored token of a batch.
  ///
  /// The values of a row depend only on the tokens of the batch and their order.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func score(_ batch: PackedSequences) -> TokenScores {
    precondition(model.configuration.head == .vocabulary, "a reward model has no probabilities")
    forward(batch)
    let (scores, logSumExps) = model.layout.network.head.score(headSite)
    self.logSumExps = logSumExps
    return scores
  }

  /// Fills every layer's input and the features of the scored rows.
  func forward(_ batch: PackedSequences) {
    prepare(for: batch)
    let network = model.layout.network
    for (index, input) in network.inputs.enumerated() {
      input.forward(
        view, tokens: batch.tokens, positions: batch.positions,
        into: residual(0), adds: index > 0)
    }
    for layer in network.layers.indices { forwardLayer(layer) }
    keepLastSegment()
    let site = finalSite
    Backend.gather(residual(network.layers.count), batch.scoredRows, into: site.input)
    network.finalNorm.forward(site)
  }

  /// Runs one layer from its stored input; fills the layer's slot and the next layer's input.
  func forwardLayer(_ layer: Int) {
    let sites = sites(layer)
    for branch in sites.indices { forwardBranch(branch, of: layer, sites[branch]) }
  }

  /// Runs one branch of a layer.
  func forwardBranch(_ index: Int, of layer: Int, _ sites: [Site<Scalar>]) {
    let network = model.layout.network
    for (operation, site) in zip(network.layers[layer][index], sites) {
      // Parallel branches add to the sum of the ones before them.
      if site.beta != 0, index == 0 || !network.isParallel {
        Backend.copy(sites[0].input, to: site.output)
      }
      operation.forward(site)
    }
  }
}
