// C, D and U of every batch in both spaces.
import KeyedRandom
import ModelCore

/// The batch vectors of `update` and `first-order`: six of each of the K batches.
///
/// Where they fit into memory they are measured once. Where they do not, they are measured slice by
/// slice of the parameters; sums of whole ones are measured when they are asked for. The bits are the
/// same.
final class BatchVectors<Scalar: ModelScalar> {
  let batches: UpdateBatches
  /// N_k. (K)
  let tokens: [Int]
  private let plan: AlignmentPlan
  private let model: Transformer<Scalar>
  private let memory: GradientMemory
  private let shouldStop: @Sendable () -> Bool
  private let progress: (Double) -> Void
  /// All of them, once they have been measured as a whole.
  private var whole: GradientSet<Scalar>?

  /// Vector a of batch k stands at a · K + k, in the order of `UpdateVector.basisNames`.
  static var count: Int { UpdateVector.basisNames.count * UpdateBatches.count }

  /// Gradients that are summed side by side; their number fixes the order of the sum.
  private static var chunkCount: Int { 4 }
  /// Gradients that a sum over a batch writes to: those and their sum.
  private static var bufferCount: Int { chunkCount + 1 }

  init(_ run: CollectionMeasurement<Scalar>, progress: @escaping (Double) -> Void) {
    plan = run.plan
    model = run.model
    memory = run.memory
    shouldStop = run.shouldStop
    self.progress = progress
    batches = UpdateBatches(run.plan.rollouts, key: run.plan.key("update"))
    tokens = batches.members.map { members in
      members.reduce(0) { $0 + run.plan.sequence($1, marginal: true).scoredCount }
    }
  }

  /// The least memory for `forEachSlice`.
  static func leastBytes(ofSlices memory: GradientMemory) -> Int {
    memory.leastBytes(rows: count, buffers: bufferCount)
  }

  /// The least memory for `add`, without what it adds to.
  static func leastBytes(ofSums memory: GradientMemory) -> Int {
    memory.bytes(ofWhole: bufferCount)
  }

  /// Hands a slice of all vectors after the other to `body`.
  ///
  /// - Returns: false once it was stopped.
  func forEachSlice(_ body: (GradientSet<Scalar>) -> Void) throws -> Bool {
    if let whole {
      body(whole)
      return true
    }
    guard let slices = memory.slices(rows: Self.count, buffers: Self.bufferCount) else {
      throw memory.exceeded(by: Update.name, Self.leastBytes(ofSlices: memory))
    }
    for (place, slice) in slices.enumerated() {
      let set = GradientSet<Scalar>(model.layout, range: slice, count: Self.count)
      let isComplete = try fill(set) { share in
        progress((Double(place) + share) / Double(slices.count))
      }
      guard isComplete else { return false }
      if slices.count == 1 { whole = set }
      body(set)
    }
    return true
  }

  /// Measures all vectors' slice; false once it was stopped.
  private func fill(_ set: GradientSet<Scalar>, progress: (Double) -> Void) throws -> Bool {
    let sum = BatchGradient(model, chunkCount: Self.chunkCount, range: set.range)
    for batch in batches.members.indices {
      for basis in UpdateVector.basisNames.indices {
        if shouldStop() { return false }
        try measure(basis, batch, by: sum)
        set.add(sum.gradient, to: basis * UpdateBatches.count + batch)
      }
      progress(Double(batch + 1) / Double(UpdateBatches.count))
    }
    return true
  }

  /// Adds Σ coefficient · (vector of a batch) to a whole gradient, in the order of the terms.
  ///
  /// - Returns: false once it was stopped.
  func add(
    _ terms: [(coefficient: Scalar, basis: Int, batch: Int)], to direction: inout Buffer<Scalar>
  ) throws -> Bool {
    if let whole {
      for term in terms {
        whole.add(
          term.basis * UpdateBatches.count + term.batch, scaledBy: term.coefficient,
          to: &direction)
      }
      return true
    }
    let sum = BatchGradient(model, chunkCount: Self.chunkCount)
    for term in terms {
      if shouldStop() { return false }
      try measure(term.basis, term.batch, by: sum)
      direction.add(sum.gradient.values, scaledBy: term.coefficient)
    }
    return true
  }

  // MARK: - One vector

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

  /// Leaves (1/N_k) Σ_i w_i Σ_t ∇ log π(y_it | ·) in `sum`, rollouts of weight 0 left out.
  private func measure(_ basis: Int, _ batch: Int, by sum: BatchGradient<Scalar>) throws {
    let kinds = Weight.allCases
    let isMarginal = basis < kinds.count
    let members = batches.members[batch]
    let weights = members.map {
      kinds[basis % kinds.count].of(batches.advantages[$0]) / Double(tokens[batch])
    }
    let (plan, chunks, packSize) = (plan, Self.chunkCount, GradientMemory.packRollouts)
    _ = try sum.sum(chunkCount: chunks, threads: memory.threads) { workspace, chunk, gradient in
      let range = members.count * chunk / chunks..<members.count * (chunk + 1) / chunks
      let places = range.filter { weights[$0] != 0 }
      for first in stride(from: 0, to: places.count, by: packSize) {
        var batch = PackedSequences()
        var coefficients: [Scalar] = []
        for place in places[first..<min(first + packSize, places.count)] {
          let sequence = plan.sequence(members[place], marginal: isMarginal)
          batch.append(sequence)
          coefficients += Array(repeating: Scalar(weights[place]), count: sequence.scoredCount)
        }
        _ = workspace.score(batch)
        workspace.accumulateGradient(coefficients: coefficients, into: &gradient)
      }
    }
  }
}
