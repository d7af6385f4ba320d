// C, D and U of every batch in both spaces, over all tokens and over first tokens.
import KeyedRandom
import ModelCore

/// The batch vectors of `update` and `first-order`, of each of the K batches.
///
/// Where they fit into memory they are measured once. Where they do not, they are measured slice by
/// slice of the parameters; sums of whole ones are measured when they are asked for. The bits are the
/// same.
///
/// C and D are the difference and the sum of two parts, the rollouts of positive advantages and those of
/// negative ones, so that each rollout goes through the model once for both.
final class BatchVectors<Scalar: ModelScalar> {
  let batches: UpdateBatches
  /// N_k. (K)
  let tokens: [Int]
  /// The vectors, in the order of the rows.
  let vectors: [MeasuredVector]
  let plan: AlignmentPlan
  private let model: Transformer<Scalar>
  private let memory: GradientMemory
  private let shouldStop: @Sendable () -> Bool
  private let progress: (Double) -> Void
  /// All of them, once they have been measured as a whole.
  private var whole: GradientSet<Scalar>?

  /// Vector a of batch k stands at a · K + k.
  private var count: Int { vectors.count * UpdateBatches.count }

  private static func count(_ plan: AlignmentPlan) -> Int {
    MeasuredVector.all(plan).count * UpdateBatches.count
  }

  /// Gradients that are summed side by side; their number fixes the order of the sum.
  private static var chunkCount: Int { 4 }
  /// Gradients that a sum over a batch writes to: those and their sum.
  private static var bufferCount: Int { chunkCount + 1 }
  /// The same, and a vector that is made of several sums.
  private static var wholeCount: Int { bufferCount + 1 }

  init(_ run: CollectionMeasurement<Scalar>, progress: @escaping (Double) -> Void) {
    plan = run.plan
    model = run.model
    memory = run.memory
    shouldStop = run.shouldStop
    self.progress = progress
    batches = UpdateBatches(run.plan)
    tokens = batches.members.map { run.plan.scoredCount($0) }
    vectors = MeasuredVector.all(run.plan)
  }

  /// The least memory for `forEachSlice`.
  static func leastBytes(ofSlices memory: GradientMemory, _ plan: AlignmentPlan) -> Int {
    memory.leastBytes(rows: count(plan), buffers: bufferCount)
  }

  /// The least memory for `add`, without what it adds to.
  static func leastBytes(ofSums memory: GradientMemory) -> Int {
    memory.bytes(ofWhole: wholeCount)
  }

  /// Hands a slice of all vectors after the other to `body`.
  ///
  /// - Returns: false once it was stopped.
  func forEachSlice(_ body: (GradientSet<Scalar>) -> Void) throws -> Bool {
    if let whole {
      body(whole)
      return true
    }
    guard let slices = memory.slices(rows: count, buffers: Self.bufferCount) else {
      throw memory.exceeded(by: Update.name, Self.leastBytes(ofSlices: memory, plan))
    }
    for (place, slice) in slices.enumerated() {
      let set = GradientSet<Scalar>(model.layout, range: slice, count: count)
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
    var parts: [MeasuredPart] = []
    for part in vectors.flatMap(\.parts) where !parts.contains(part) { parts.append(part) }
    for batch in batches.members.indices {
      for part in parts {
        if shouldStop() { return false }
        try measure(part, batch, by: sum)
        for (place, vector) in vectors.enumerated() where vector.parts.contains(part) {
          set.add(
            sum.gradient, scaledBy: vector.sign(of: part), to: place * UpdateBatches.count + batch)
        }
      }
      progress(Double(batch + 1) / Double(UpdateBatches.count))
    }
    return true
  }

  /// Adds Σ coefficient · (vector of a batch) to a whole gradient, in the order of the terms.
  ///
  /// - Returns: false once it was stopped.
  func add(
    _ terms: [(coefficient: Scalar, name: String, batch: Int)], to direction: inout Buffer<Scalar>
  ) throws -> Bool {
    let places = terms.map { term in vectors.firstIndex { $0.name == term.name } ?? 0 }
    if let whole {
      for (term, place) in zip(terms, places) {
        whole.add(
          place * UpdateBatches.count + term.batch, scaledBy: term.coefficient, to: &direction)
      }
      return true
    }
    let sum = BatchGradient(model, chunkCount: Self.chunkCount)
    let vector = GradientSet<Scalar>(model.layout, count: 1)
    for (term, place) in zip(terms, places) {
      vector.clear(0)
      for part in vectors[place].parts {
        if shouldStop() { return false }
        try measure(part, term.batch, by: sum)
        vector.add(sum.gradient, scaledBy: vectors[place].sign(of: part), to: 0)
      }
      vector.add(0, scaledBy: term.coefficient, to: &direction)
    }
    return true
  }

  // MARK: - One part

  /// Leaves (1/N_k) Σ_i Σ_t w_it ∇ log π(y_it | ·) in `sum`, rollouts of weight 0 left out.
  private func measure(
    _ part: MeasuredPart, _ batch: Int, by sum: BatchGradient<Scalar>
  ) throws {
    let members = (part.isHeldOut ? batches.heldOut : batches.members)[batch]
    let count = part.isHeldOut ? plan.scoredCount(members) : tokens[batch]
    let (plan, advantages) = (plan, batches.advantages)
    let (chunks, packSize) = (Self.chunkCount, GradientMemory.packRollouts)
    _ = try sum.sum(chunkCount: chunks, threads: memory.threads) { workspace, chunk, gradient in
      let range = members.count * chunk / chunks..<members.count * (chunk + 1) / chunks
      let places = range.filter { part.counts(members[$0], plan, advantages) }
      for first in stride(from: 0, to: places.count, by: packSize) {
        var batch = PackedSequences()
        var coefficients: [Scalar] = []
        for place in places[first..<min(first + packSize, places.count)] {
          let member = members[place]
          guard let sequence = part.sequence(member, plan) else { continue }
          batch.append(sequence)
          coefficients += sequence.scoredPositions.map { token in
            Scalar(part.weight(of: token, of: member, plan, advantages) / Double(count))
          }
        }
        if coefficients.isEmpty { continue }
        _ = workspace.score(batch)
        workspace.accumulateGradient(coefficients: coefficients, into: &gradient)
      }
    }
  }
}

/// A sum over some rollouts of a batch, as backward passes compute it.
struct MeasuredPart: Sendable, Hashable {
  /// w of a rollout.
  enum Weight {
    case advantage
    case positivePart
    case negativePart
    case one

    func of(_ advantage: Double) -> Double {
      switch self {
      case .advantage: advantage
      case .positivePart: max(0, advantage)
      case .negativePart: max(0, -advantage)
      case .one: 1
      }
    }
  }

  let weight: Weight
  let isMarginal: Bool
  /// Whether only the first token of each response counts.
  let isOfFirstTokens: Bool
  /// Whether it is a sum over held-out rollouts.
  let isHeldOut: Bool
  /// Whether the advantages are the plan's others.
  let isOther: Bool

  /// w of a token of a rollout.
  func weight(
    of token: Int, of index: Int, _ plan: AlignmentPlan, _ advantages: [Double]
  ) -> Double {
    weight.of(isOther ? plan.otherAdvantages?.values[index][token] ?? 0 : advantages[index])
  }

  /// Whether a rollout has a weight other than 0.
  func counts(_ index: Int, _ plan: AlignmentPlan, _ advantages: [Double]) -> Bool {
    isOther
      ? plan.otherAdvantages?.values[index].contains { weight.of($0) != 0 } ?? false
      : weight.of(advantages[index]) != 0
  }

  /// What is scored of a rollout; nil if nothing is.
  func sequence(_ index: Int, _ plan: AlignmentPlan) -> ScoredSequence? {
    let whole = plan.sequence(index, marginal: isMarginal)
    guard isOfFirstTokens else { return whole }
    guard plan.firstScored == 0 else { return nil }
    return ScoredSequence(context: whole.context, response: Array(whole.response.prefix(1)))
  }
}

/// A vector of a batch that is kept; all others are functions of these.
struct MeasuredVector: Sendable {
  /// C = Σ A_i g_i, D = Σ |A_i| g_i, U = Σ g_i.
  enum Kind: String, CaseIterable {
    case advantage = "C"
    case magnitude = "D"
    case one = "U"
  }

  let name: String
  /// The sums that it is made of.
  let parts: [MeasuredPart]
  /// Whether the part of the negative advantages counts negative.
  private let isDifference: Bool

  private init(
    _ name: String, _ weights: [MeasuredPart.Weight], isMarginal: Bool,
    isOfFirstTokens: Bool = false, isHeldOut: Bool = false, isOther: Bool = false,
    isDifference: Bool = false
  ) {
    self.name = name
    parts = weights.map {
      MeasuredPart(
        weight: $0, isMarginal: isMarginal, isOfFirstTokens: isOfFirstTokens,
        isHeldOut: isHeldOut, isOther: isOther)
    }
    self.isDifference = isDifference
  }

  /// 1 or −1.
  func sign<Scalar: ModelScalar>(of part: MeasuredPart) -> Scalar {
    isDifference && part.weight == .negativePart ? -1 : 1
  }

  /// Those of a plan: `UpdateVector.basisNames`, the same over first tokens, G where rollouts are held
  /// out, and C and D with the plan's other advantages.
  static func all(_ plan: AlignmentPlan) -> [MeasuredVector] {
    let basis = [false, true].flatMap { isOfFirstTokens in
      [true, false].flatMap { isMarginal in
        Kind.allCases.map { kind in
          MeasuredVector(
            (isOfFirstTokens ? UpdateVector.firstToken : "") + kind.rawValue
              + (isMarginal ? "_m" : "_c"),
            kind == .one ? [.one] : [.positivePart, .negativePart], isMarginal: isMarginal,
            isOfFirstTokens: isOfFirstTokens, isDifference: kind == .advantage)
        }
      }
    }
    let gradient = MeasuredVector(
      UpdateVector.heldOutGradient.name, [.advantage], isMarginal: false, isHeldOut: true)
    let others = [true, false].flatMap { isMarginal in
      [Kind.advantage, .magnitude].map { kind in
        MeasuredVector(
          UpdateVector.otherMark + kind.rawValue + (isMarginal ? "_m" : "_c"),
          [.positivePart, .negativePart], isMarginal: isMarginal, isOther: true,
          isDifference: kind == .advantage)
      }
    }
    return basis + (plan.heldOutStart < plan.rollouts.count ? [gradient] : [])
      + (plan.otherAdvantages == nil ? [] : others)
  }
}

extension AlignmentPlan {
  /// Scored tokens of some rollouts.
  func scoredCount(_ indices: [Int]) -> Int {
    indices.reduce(0) { $0 + sequence($1, marginal: true).scoredCount }
  }
}
