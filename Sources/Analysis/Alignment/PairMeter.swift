// Measures pairs with one worker's workspace.
import ModelCore

/// Computes the inner products of the gradients of two objectives of one response, in one batch.
struct PairMeter<Scalar: ModelScalar> {
  let workspace: Workspace<Scalar>
  let reduction: Reduction
  let method: ProductMethod

  private var layout: ParameterLayout { workspace.model.layout }

  /// Products of ∇ log P(y | first context) and ∇ log P(y | second context).
  ///
  /// Both score the same tokens. If one context is empty, neither scores y_1.
  func measure(
    _ response: [Int32], first: [Int32], second: [Int32], firstScored: Int = 0
  ) -> PairMeasurement {
    measure(response, firsts: [first], second: second, firstScored: firstScored)[0]
  }

  /// The same for several first contexts, in one batch with one gradient of the second. If one context is
  /// empty, none scores y_1.
  func measure(
    _ response: [Int32], firsts: [[Int32]], second: [Int32], firstScored: Int = 0
  ) -> [PairMeasurement] {
    let contexts = firsts + [second]
    let firstScored = max(firstScored, contexts.contains(where: \.isEmpty) ? 1 : 0)
    var batch = PackedSequences()
    for context in contexts {
      batch.beginSide()
      batch.append(
        ScoredSequence(context: context, response: response, firstScored: firstScored))
    }
    let scores = workspace.score(batch)
    let count = batch.scoredCount / contexts.count
    let products = workspace.gradientProductsWithLastSide(
      coefficients: Array(repeating: coefficient(count), count: batch.scoredCount), method: method)
    func tokens(_ values: [Double], _ side: Int) -> [Double] {
      Array(repeating: .nan, count: firstScored)
        + values[batch.scored(ofSequences: side..<side + 1)]
    }
    return firsts.indices.map { side in
      let products = products[side].grouped(by: layout)
      return PairMeasurement(
        innerProducts: products.innerProducts, squaredNormsMarginal: products.squaredNormsOfFirst,
        squaredNormsConditional: products.squaredNormsOfSecond,
        logMarginal: tokens(scores.logProbabilities, side),
        logConditional: tokens(scores.logProbabilities, firsts.count),
        entropyMarginal: tokens(scores.entropies, side),
        entropyConditional: tokens(scores.entropies, firsts.count), scoredCount: count)
    }
  }

  /// Products restricted to some of the tokens of the pair that was measured last. The gradients
  /// are divided by the full T, so that those of disjoint bins add up to the full gradient.
  ///
  /// - Parameter bin: Whether each scored token belongs to the bin. (T)
  func restricted(_ bin: [Bool]) -> (inner: Double, marginal: Double, conditional: Double) {
    guard bin.contains(true) else { return (0, 0, 0) }
    let coefficients = bin.map { $0 ? coefficient(bin.count) : 0 }
    let products = workspace.gradientProducts(
      coefficients: coefficients + coefficients, method: method)
    return (
      products.innerProducts.reduce(0, +), products.squaredNormsOfFirst.reduce(0, +),
      products.squaredNormsOfSecond.reduce(0, +)
    )
  }

  /// The weight of one token's log-probability in the objective.
  func coefficient(_ scoredCount: Int) -> Scalar {
    reduction == .mean ? 1 / Scalar(scoredCount) : 1
  }
}
