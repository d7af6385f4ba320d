// The `update` control: the vectors that training really uses.
//
// Batch k of K, w_i = A_i, |A_i| or 1 for C, D and U:
//   a_k = (1/N_k) Σ_i w_i Σ_t ∇ log π(y_it | ·),  N_k = Σ_i T_i over all its rollouts,
// in the null-context space (_m) and in prompt space (_c), with one N_k for all. PreRL = C_m,
// NSR = (C − D)/2, PSR = (C + D)/2, RL = C_c. U is the drift, which ignores the rewards. The same products
// are made in Adam's metric, u / (√v + ε) with one v = mean_k C_c,k² for all vectors, and for each rule's
// actual first Adam step, u / (|u| + ε). That step is not linear in C and D, so one-sided rules have
// vectors of their own there.
import ModelCore
import Statistics
import Tables

/// Batch gradients of every update rule in both spaces: their cosines, their signal and their noise.
public struct Update: CollectionControl {
  public static let name = "update"
  public static let summary = "batch update vectors of every rule in both spaces"

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    if let reason = UpdateBatches.obstacle(plan.rollouts) { throw ControlObstacle(reason) }
  }

  public func measure<Scalar: ModelScalar>(
    _ run: CollectionMeasurement<Scalar>
  ) throws -> UpdateControl? {
    try UpdateControl.measure(run.batchVectors)
  }

  public func leastBytes(_ plan: AlignmentPlan, _ memory: GradientMemory) -> Int {
    // Vectors of either scalar type take the same slices.
    BatchVectors<Float>.leastBytes(ofSlices: memory)
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    let raw = ["controls", Self.name, "raw"]
    let share = summary[raw, "drift_share_marginal"]
    guard !share.estimate.isNaN, !share.isUnbounded else { return nil }
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
      + "\(fixed(100 * share.estimate, 0))% of the null-context signal: NSR-PreRL has cosine "
      + "\(fixed(withDrift.estimate, 2)) with lowering every response's probability, and \(gain)."
  }
}

/// Products of all batch vectors: what the statistics of the control are computed from.
public struct UpdateControl: CollectionResult {
  /// Names of the vectors: `UpdateVector.basisNames`, those with `adam:`, and with `step:` those and
  /// the one-sided rules.
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
    let (vectors, batches) = (vectorNames.count, batchCount)
    let limit = 1 << 12  // so that no product of sizes overflows
    guard (2...limit).contains(batches), vectors <= limit,
      gram.count == vectors * vectors * batches * batches, batchTokens.count == batches
    else {
      throw StoredValues.Fault(
        "batch products whose parts differ in size (expected \(vectors) vectors, \(batches) batches)"
      )
    }
    guard Set(vectorNames).count == vectors else {
      throw StoredValues.Fault("batch products in which two vectors have one name")
    }
    for metric in Metric.allCases {
      let basis = ["C_m", "D_m", "C_c", "D_c"].map { metric.rawValue + $0 }
      let rules = metric.rules.flatMap { $0.prefixed(metric.rawValue).coefficients.keys.sorted() }
      for name in basis + rules where !vectorNames.contains(name) {
        throw StoredValues.Fault("batch products without the vector \(name)")
      }
    }
  }

  /// Adam's ε.
  static let epsilon = 1e-8

  /// The metrics in which the rules are compared, with the prefix of their vectors' names.
  public enum Metric: String, Sendable, CaseIterable {
    case raw = ""
    /// u / (√v + ε), v the batches' own second moment.
    case adam = "adam:"
    /// The first Adam step from fresh moments.
    case step = "step:"

    /// The metric's name in groups of files.
    public var name: String {
      switch self {
      case .raw: "raw"
      case .adam: "adam"
      case .step: "step"
      }
    }

    /// For people and plots.
    public var title: String {
      switch self {
      case .raw: "Euclidean"
      case .adam: "Adam's metric"
      case .step: "first Adam step"
      }
    }

    /// The rules' vectors in this metric, without the prefix.
    public var rules: [UpdateVector] {
      guard self == .step else { return UpdateVector.rules }
      return UpdateVector.rules.map { rule in
        rule.coefficients.count == 1 ? rule : UpdateVector(rule.name, [rule.name: 1])
      }
    }
  }

  /// The statistics in one metric; G of the efficiencies is the raw C_c.
  public func statistics(_ metric: Metric) -> UpdateStatistics {
    UpdateStatistics(
      gram: UpdateGram(vectorNames: vectorNames, batchCount: batchCount, values: gram),
      vectors: metric.rules, prefix: metric.rawValue)
  }

  /// Rules that are sums of two basis vectors: their Adam step needs a vector of its own.
  static let oneSidedRules = UpdateVector.rules.filter { $0.coefficients.count > 1 }

  static let vectorNames =
    UpdateVector.basisNames + UpdateVector.basisNames.map { "adam:" + $0 }
    + UpdateVector.basisNames.map { "step:" + $0 } + oneSidedRules.map { "step:" + $0.name }

  /// nil once it was stopped.
  static func measure<Scalar: ModelScalar>(
    _ vectors: BatchVectors<Scalar>
  ) throws -> UpdateControl? {
    let names = vectorNames
    let batchCount = UpdateBatches.count
    let count = names.count * batchCount
    func row(_ name: String, _ batch: Int) -> Int {
      (names.firstIndex(of: name) ?? 0) * batchCount + batch
    }
    // The basis vectors come first; all others are functions of them, element by element.
    let secondMoment = count
    func derive(_ set: GradientSet<Scalar>) {
      set.meanSquare((0..<batchCount).map { row("C_c", $0) }, into: secondMoment)
      for batch in 0..<batchCount {
        for name in UpdateVector.basisNames {
          let source = row(name, batch)
          set.rescale(
            source, by: secondMoment, epsilon: Scalar(epsilon), into: row("adam:" + name, batch))
          set.firstAdamStep(source, epsilon: Scalar(epsilon), into: row("step:" + name, batch))
        }
        for rule in oneSidedRules {
          let target = row("step:" + rule.name, batch)
          set.combine(
            UpdateVector.basisNames.compactMap { name in
              rule.coefficients[name].map { (Scalar($0), row(name, batch)) }
            }, into: target)
          set.firstAdamStep(target, epsilon: Scalar(epsilon), into: target)
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
