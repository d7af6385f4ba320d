// C, D and U of every batch in both spaces.
import KeyedRandom
import ModelCore

/// The batch vectors of `update` and `first-order`.
struct BatchVectors<Scalar: ModelScalar> {
  /// Vector a of batch k at a · K + k, in the order of `UpdateControl.vectorNames`; the first six
  /// vectors are filled.
  let set: GradientSet<Scalar>
  let batches: UpdateBatches
  /// N_k. (K)
  let tokens: [Int]

  /// Rollouts that go through the model together.
  private static var packRollouts: Int { 8 }
  /// Gradients that are summed side by side; their number fixes the order of the sum.
  private static var chunkCount: Int { 4 }

  /// Bytes that the vectors take.
  static func byteCount(_ layout: ParameterLayout) -> Int {
    GradientSet<Scalar>.byteCount(
      layout, count: UpdateControl.vectorNames.count * UpdateBatches.count + chunkCount + 1)
  }

  /// nil once `shouldStop` is true.
  static func measure(
    _ plan: AlignmentPlan, batches: UpdateBatches, model: Transformer<Scalar>, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool, progress: (Double) -> Void
  ) throws -> BatchVectors? {
    let batchCount = UpdateBatches.count
    let set = GradientSet<Scalar>(
      model.layout, count: UpdateControl.vectorNames.count * batchCount)
    let sum = BatchGradient(model, chunkCount: chunkCount)
    var tokens: [Int] = []
    for (batch, members) in batches.members.enumerated() {
      let count = members.reduce(0) { $0 + plan.sequence($1, marginal: true).scoredCount }
      tokens.append(count)
      for (space, marginal) in [true, false].enumerated() {
        for (kind, weight) in Weight.allCases.enumerated() {
          if shouldStop() { return nil }
          let weights = members.map { weight.of(batches.advantages[$0]) / Double(count) }
          try add(plan, members, weights, marginal: marginal, threads: threads, to: sum)
          set.add(sum.gradient.values, to: (space * 3 + kind) * batchCount + batch)
        }
      }
      progress(Double(batch + 1) / Double(batchCount))
    }
    return BatchVectors(set: set, batches: batches, tokens: tokens)
  }

  /// w of C, D and U.
  private enum Weight: CaseIterable {
    case advantage
    case magnitude
    case one

    func of(_ advantage: Double) -> Double {
      switch self {
      case .advantage: advantage
      case .magnitude: abs(advantage)
      case .one: 1
      }
    }
  }

  /// Σ_i w_i Σ_t ∇ log π(y_it | ·), rollouts of weight 0 left out.
  private static func add(
    _ plan: AlignmentPlan, _ members: [Int], _ weights: [Double], marginal: Bool, threads: Int,
    to sum: BatchGradient<Scalar>
  ) throws {
    let chunks = chunkCount
    let packSize = packRollouts
    _ = try sum.sum(chunkCount: chunks, threads: threads) { workspace, chunk, gradient in
      let range = members.count * chunk / chunks..<members.count * (chunk + 1) / chunks
      let places = range.filter { weights[$0] != 0 }
      for first in stride(from: 0, to: places.count, by: packSize) {
        var batch = PackedSequences()
        var coefficients: [Scalar] = []
        for place in places[first..<min(first + packSize, places.count)] {
          let sequence = plan.sequence(members[place], marginal: marginal)
          batch.append(sequence)
          coefficients += Array(repeating: Scalar(weights[place]), count: sequence.scoredCount)
        }
        _ = workspace.score(batch)
        workspace.accumulateGradient(coefficients: coefficients, into: &gradient)
      }
    }
  }
}
