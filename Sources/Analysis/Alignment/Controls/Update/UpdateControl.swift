// The `update` control: the vectors that training really uses.
//
// Batch k of K, w_i = A_i, |A_i| or 1 for C, D and U:
//   a_k = (1/N_k) Σ_i w_i Σ_t ∇ log π(y_it | ·),  N_k = Σ_i T_i over all its rollouts,
// in the null-context space (_m) and in prompt space (_c), with one N_k for all. PreRL = C_m,
// NSR = (C − D)/2, PSR = (C + D)/2, RL = C_c. U is the drift, which ignores the rewards. The same sums over
// the first tokens of responses alone tell what the rules are without them. Products are made of these
// vectors, of the same in Adam's metric, u / (√v + ε) with one v = mean_k C_c,k² for all vectors, and of each
// rule's actual first Adam step, u / (|u| + ε).
import ModelCore
import Statistics
import Tables

/// Batch gradients of every update rule in both spaces: their cosines, their signal and their noise.
public struct Update: CollectionControl {
  public static let name = "update"
  public static let summary = "batch update vectors of every rule in both spaces"

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    if let reason = UpdateBatches.obstacle(plan) { throw ControlObstacle(reason) }
  }

  public func measure<Scalar: ModelScalar>(
    _ run: CollectionMeasurement<Scalar>
  ) throws -> UpdateControl? {
    try UpdateControl.measure(run.batchVectors)
  }

  public func leastBytes(_ plan: AlignmentPlan, _ memory: GradientMemory) -> Int {
    // Vectors of either scalar type take the same slices.
    BatchVectors<Float>.leastBytes(ofSlices: memory, plan)
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    let raw = ["controls", Self.name, "raw"]
    let share = summary[raw, "drift_share_marginal"]
    guard !share.estimate.isNaN, !share.isUnbounded else { return nil }
    let masked = summary[["controls", Self.name, "raw_first_token_masked"], "drift_share_marginal"]
    let without =
      masked.estimate.isNaN || masked.isUnbounded
      ? "" : " (\(fixed(100 * masked.estimate, 0))% with the first token of each response masked)"
    let withDrift = summary[raw + ["cosine", "NSR-PreRL"], "drift-PreRL"]
    let prerl = summary[raw + ["efficiency"], "PreRL"]
    let nsr = summary[raw + ["efficiency"], "NSR-PreRL"]
    let gain =
      nsr.isUnbounded || prerl.isUnbounded
      ? "\(summary.rolloutCount) rollouts are too few to estimate NSR-PreRL's gain relative to RL "
        + "(prerl surrogate takes more)"
      : "at equal step length NSR-PreRL is predicted to bring \(fixed(nsr.estimate, 2)) of RL's gain, "
        + "PreRL with both signs \(fixed(prerl.estimate, 2))"
    return "In batch updates the component that ignores the rewards makes up "
      + "\(fixed(100 * share.estimate, 0))% of the null-context signal\(without): NSR-PreRL has cosine "
      + "\(fixed(withDrift.estimate, 2)) with lowering every response's probability, and \(gain)."
  }
}

/// Products of all batch vectors: what the statistics of the control are computed from.
public struct UpdateControl: CollectionResult {
  /// Names of the vectors: `UpdateVector.basisNames`, those of first tokens with `first:`, G where
  /// rollouts are held out; then those with `adam:`, and with `step:` those and the one-sided rules, again
  /// with `step:masked:` without first tokens.
  public let vectorNames: [String]
  public let batchCount: Int
  /// <a_k, b_l>, flat over (a, b, k, l).
  public let gram: [Double]
  /// Rollouts of each batch, N_k tokens of each batch. (K)
  public let batchRollouts: [Int]
  public let batchTokens: [Int]

  public init(
    vectorNames: [String], batchCount: Int, gram: [Double], batchRollouts: [Int],
    batchTokens: [Int]
  ) {
    self.vectorNames = vectorNames
    self.batchCount = batchCount
    self.gram = gram
    self.batchRollouts = batchRollouts
    self.batchTokens = batchTokens
  }

  public init(_ stored: StoredValues, plan: AlignmentPlan) throws {
    let rollouts = try stored.integers("batch_rollouts")
    self.init(
      vectorNames: try stored.texts("vector_name"), batchCount: rollouts.count,
      gram: try stored.reals("gram"), batchRollouts: rollouts,
      batchTokens: try stored.integers("batch_tokens"))
    // The statistics trap on wrong shapes.
    let (count, batches) = (vectorNames.count, batchCount)
    let limit = 1 << 12  // so that no product of sizes overflows
    guard (2...limit).contains(batches), count <= limit,
      gram.count == count * count * batches * batches, batchTokens.count == batches
    else {
      throw StoredValues.Fault(
        "batch products whose parts differ in size (expected \(count) vectors, \(batches) batches)"
      )
    }
    guard Set(vectorNames).count == count else {
      throw StoredValues.Fault("batch products in which two vectors have one name")
    }
    let vectors = UpdateVector.basisNames.map { UpdateVector(basis: $0) } + UpdateVector.rules
    for metric in Metric.allCases {
      for name in vectors.flatMap({ metric.vector($0).coefficients.keys.sorted() })
      where !vectorNames.contains(name) {
        throw StoredValues.Fault("batch products without the vector \(name)")
      }
    }
  }

  /// Adam's ε.
  static let epsilon = 1e-8

  /// The statistics of rules in one metric; with `UpdateVector.otherRules` in `raw` and `step`, where the plan had
  /// other advantages.
  public func statistics(
    _ metric: Metric, of rules: [UpdateVector] = UpdateVector.rules
  ) -> UpdateStatistics {
    UpdateStatistics(
      gram: UpdateGram(vectorNames: vectorNames, batchCount: batchCount, values: gram),
      metric: metric, rules: rules)
  }

  /// Whether it has the rules with other advantages.
  public var hasOtherRules: Bool {
    vectorNames.contains { $0.hasPrefix(UpdateVector.otherMark) }
  }

  /// What has a step of its own: basis vectors, and rules that are sums of two of them.
  private static let stepped =
    UpdateVector.basisNames.map { UpdateVector(basis: $0) }
    + UpdateVector.rules.filter { $0.coefficients.count > 1 }

  /// Every step of a plan: its metric, its name in the Gram, and what it is a step along.
  private static func steps(
    _ plan: AlignmentPlan
  ) -> [(name: String, direction: UpdateVector)] {
    func named(_ metric: Metric, _ rule: UpdateVector) -> String {
      metric.vector(rule).coefficients.keys.first ?? ""
    }
    return stepped.map { (named(.step, $0), $0) }
      + stepped.map { (named(.stepMasked, $0), $0.firstTokenMasked) }
      + (plan.otherAdvantages == nil
        ? [] : UpdateVector.otherRules.map { (named(.step, $0), $0) })
  }

  /// The names of a plan's vectors, measured ones first, then those that are functions of them.
  package static func vectorNames(_ plan: AlignmentPlan) -> [String] {
    MeasuredVector.all(plan).map(\.name)
      + UpdateVector.basisNames.map { Metric.adam.prefix + $0 } + steps(plan).map(\.name)
  }

  /// nil once it was stopped.
  static func measure<Scalar: ModelScalar>(
    _ vectors: BatchVectors<Scalar>
  ) throws -> UpdateControl? {
    let (names, steps) = (vectorNames(vectors.plan), steps(vectors.plan))
    let batchCount = UpdateBatches.count
    let count = names.count * batchCount
    func row(_ name: String, _ batch: Int) -> Int {
      (names.firstIndex(of: name) ?? 0) * batchCount + batch
    }
    // Measured vectors come first; all others are functions of them, element by element.
    let secondMoment = count
    let epsilon = Scalar(Self.epsilon)
    func derive(_ set: GradientSet<Scalar>) {
      set.meanSquare((0..<batchCount).map { row("C_c", $0) }, into: secondMoment)
      for batch in 0..<batchCount {
        for name in UpdateVector.basisNames {
          set.rescale(
            row(name, batch), by: secondMoment, epsilon: epsilon,
            into: row(Metric.adam.prefix + name, batch))
        }
        for (name, direction) in steps {
          let target = row(name, batch)
          set.combine(
            names.compactMap { name in
              direction.coefficients[name].map { (Scalar($0), row(name, batch)) }
            }, into: target)
          set.firstAdamStep(target, epsilon: epsilon, into: target)
        }
      }
    }
    var products = [Double](repeating: 0, count: count * count)
    let isComplete = try vectors.forEachSlice { set in
      set.addProducts(of: count, derivedIn: count + 1, to: &products, derive)
    }
    guard isComplete else { return nil }
    for row in 0..<count where !products[row * count + row].isFinite {
      throw NonFiniteError(
        "the update vector \(names[row / batchCount]) of batch \(row % batchCount)")
    }
    var gram: [Double] = []
    gram.reserveCapacity(products.count)
    for a in names.indices {
      for b in names.indices {
        for k in 0..<batchCount {
          for l in 0..<batchCount {
            gram.append(products[(a * batchCount + k) * count + b * batchCount + l])
          }
        }
      }
    }
    return UpdateControl(
      vectorNames: names, batchCount: batchCount, gram: gram,
      batchRollouts: vectors.batches.members.map(\.count), batchTokens: vectors.tokens)
  }
}
