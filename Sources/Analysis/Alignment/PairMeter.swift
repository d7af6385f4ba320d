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
    let firstScored = max(firstScored, first.isEmpty || second.isEmpty ? 1 : 0)
    let batch = PackedSequences(
      first: ScoredSequence(context: first, response: response, firstScored: firstScored),
      second: ScoredSequence(context: second, response: response, firstScored: firstScored))
    let scores = workspace.score(batch)
    let count = batch.scoredCount / 2
    let products = workspace.gradientProducts(
      coefficients: Array(repeating: coefficient(count), count: 2 * count), method: method
    ).grouped(by: layout)
    func tokens(_ values: [Double], _ side: Range<Int>) -> [Double] {
      Array(repeating: .nan, count: firstScored) + values[side]
    }
    return PairMeasurement(
      innerProducts: products.innerProducts, squaredNormsMarginal: products.squaredNormsOfFirst,
      squaredNormsConditional: products.squaredNormsOfSecond,
      logMarginal: tokens(scores.logProbabilities, 0..<count),
      logConditional: tokens(scores.logProbabilities, count..<2 * count),
      entropyMarginal: tokens(scores.entropies, 0..<count),
      entropyConditional: tokens(scores.entropies, count..<2 * count), scoredCount: count)
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
