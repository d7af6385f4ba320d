// The `cross` control: g_m of one rollout against g_c of another.
import ModelCore

/// Products of every marginal gradient with every conditional one, over evenly spaced rollouts.
public struct CrossMatrix: Sendable {
  /// Indices of the rollouts, of rows and columns alike. (n)
  public let samples: [Int]
  /// <g_m(y_i), g_c(y_j | x_j)>, row i, column j. (n, n)
  public let innerProducts: [Double]
  public let normsMarginal: [Double]
  public let normsConditional: [Double]

  public init(
    samples: [Int], innerProducts: [Double], normsMarginal: [Double], normsConditional: [Double]
  ) {
    self.samples = samples
    self.innerProducts = innerProducts
    self.normsMarginal = normsMarginal
    self.normsConditional = normsConditional
  }

  /// Row-major; NaN where a norm is 0. (n, n)
  public var cosines: [Double] {
    let count = samples.count
    return innerProducts.indices.map { place in
      let norms = normsMarginal[place / count] * normsConditional[place % count]
      return norms > 0 ? innerProducts[place] / norms : .nan
    }
  }

  /// Bytes of gradients that exist at a time.
  static let memoryBudget = 1 << 30

  /// Measures the matrix tile by tile: as many gradients at a time as the budget holds, at least one
  /// of each objective.
  static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool, progress: (Double) -> Void
  ) throws -> CrossMatrix? {
    let total = plan.rollouts.count
    let count = min(plan.options.crossLimit, total)
    let samples = (0..<count).map { $0 * total / count }
    let perGradient = GradientSet<Scalar>.byteCount(model.layout, count: 1)
    let tile = max(1, min(count, memoryBudget / (2 * perGradient)))
    let gradients = GradientSet<Scalar>(model.layout, count: 2 * tile)
    let workspaces = WorkspaceLender(model)
    var products = [Double](repeating: 0, count: count * count)
    var norms = [[Double](repeating: 0, count: count), [Double](repeating: 0, count: count)]
    let tiles = stride(from: 0, to: count, by: tile).map { $0..<min($0 + tile, count) }

    /// Gradients of one objective of a tile's rollouts, from row `offset` on.
    func fill(_ range: Range<Int>, marginal: Bool, offset: Int) throws -> Bool {
      let done = try forEachInOrder(
        0..<range.count, threads: threads, shouldStop: shouldStop,
        makeWorker: { workspaces.borrow() },
        body: { worker, place in
          let sequence = plan.sequence(samples[range.lowerBound + place], marginal: marginal)
          var batch = PackedSequences()
          batch.append(sequence)
          _ = worker.workspace.score(batch)
          let scored = sequence.scoredCount
          let coefficient: Scalar = plan.options.reduction == .mean ? 1 / Scalar(scored) : 1
          gradients.clear(offset + place)
          gradients.accumulate(
            worker.workspace, coefficients: Array(repeating: coefficient, count: scored),
            into: offset + place)
        }, consume: { _, _ in })
      for (place, sample) in range.enumerated() {
        let row = offset + place
        norms[marginal ? 0 : 1][sample] =
          gradients.products(row..<row + 1, row..<row + 1)[0].squareRoot()
      }
      return done == range.count
    }

    for (index, rows) in tiles.enumerated() {
      guard try fill(rows, marginal: true, offset: 0) else { return nil }
      for (other, columns) in tiles.enumerated() {
        guard try fill(columns, marginal: false, offset: tile) else { return nil }
        let block = gradients.products(0..<rows.count, tile..<tile + columns.count)
        for (i, row) in rows.enumerated() {
          for (j, column) in columns.enumerated() {
            products[row * count + column] = block[i * columns.count + j]
          }
        }
        progress(
          Double(index * tiles.count + other + 1) / Double(tiles.count * tiles.count))
      }
    }
    return CrossMatrix(
      samples: samples, innerProducts: products, normsMarginal: norms[0],
      normsConditional: norms[1])
  }
}

extension AlignmentPlan {
  /// A rollout under one of the two objectives; both score the same tokens.
  public func sequence(_ index: Int, marginal: Bool) -> ScoredSequence {
    let null = options.nullContext.tokens
    return ScoredSequence(
      context: marginal ? null : rollouts[index].promptTokens,
      response: rollouts[index].responseTokens, firstScored: null.isEmpty ? 1 : 0)
  }
}
