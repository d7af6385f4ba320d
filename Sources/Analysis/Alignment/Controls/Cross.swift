// The `cross` control: g_m of one rollout against g_c of another.
import ModelCore
import Statistics
import Tables

/// The matrix of <g_m(y_i), g_c(y_j | x_j)> over evenly spaced rollouts: the null of the main number,
/// which pairs of one rollout must stand out from.
public struct Cross: CollectionControl {
  public static let name = "cross"
  public static let summary = "the null-context gradient of one rollout, the conditional of another"

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    guard plan.rollouts.count > 1 else { throw ControlObstacle("there is one rollout only") }
  }

  /// The rollouts that are compared, evenly spaced.
  private func samples(_ plan: AlignmentPlan) -> [Int] {
    let total = plan.rollouts.count
    let count = min(plan.options.crossLimit, total)
    return (0..<count).map { $0 * total / count }
  }

  public func leastBytes(_ plan: AlignmentPlan, _ memory: GradientMemory) -> Int {
    memory.leastBytes(rows: 2 * samples(plan).count, buffers: memory.threads)
  }

  /// Measures the matrix slice by slice of the parameters: each slice of as many as memory holds of all
  /// gradients.
  public func measure<Scalar: ModelScalar>(
    _ run: CollectionMeasurement<Scalar>
  ) throws -> CrossMatrix? {
    let (plan, model, threads) = (run.plan, run.model, run.threads)
    let samples = samples(plan)
    let count = samples.count
    let slices = try run.slices(rows: 2 * count, buffers: threads)
    let workspaces = WorkspaceLender(model)
    var products = [Double](repeating: 0, count: count * count)
    var squares = [Double](repeating: 0, count: 2 * count)
    for (pass, slice) in slices.enumerated() {
      // The gradients without the prompt, then those with it.
      let gradients = GradientSet<Scalar>(model.layout, range: slice, count: 2 * count)
      let done = try forEachInOrder(
        0..<2 * count, threads: threads, shouldStop: run.shouldStop,
        makeWorker: { Differentiator(workspaces.borrow(), slice) },
        body: { worker, row in
          let sequence = plan.sequence(samples[row % count], marginal: row < count)
          let coefficient: Scalar =
            plan.options.reduction == .mean ? 1 / Scalar(sequence.scoredCount) : 1
          worker.add(sequence, coefficient, to: gradients, at: row)
        },
        consume: { row, _ in
          run.progress((Double(pass) + Double(row + 1) / Double(2 * count)) / Double(slices.count))
        })
      guard done == 2 * count else { return nil }
      gradients.addProducts(0..<count, count..<2 * count, to: &products)
      gradients.addSquaredNorms(0..<2 * count, to: &squares)
    }
    let norms = squares.map { $0.squareRoot() }
    return CrossMatrix(
      samples: samples, innerProducts: products, normsMarginal: Array(norms[..<count]),
      normsConditional: Array(norms[count...]))
  }

  /// A worker: a workspace, and a gradient to fill.
  private final class Differentiator<Scalar: ModelScalar> {
    private let loan: WorkspaceLender<Scalar>.Loan
    private var gradient: GradientBuffer<Scalar>

    init(_ loan: WorkspaceLender<Scalar>.Loan, _ slice: Range<Int>) {
      self.loan = loan
      gradient = GradientBuffer(loan.workspace.model.layout, range: slice)
    }

    /// Adds the slice of c ∇θ Σ_t log π(y_t | ·).
    func add(
      _ sequence: ScoredSequence, _ coefficient: Scalar, to gradients: GradientSet<Scalar>,
      at row: Int
    ) {
      var batch = PackedSequences()
      batch.append(sequence)
      _ = loan.workspace.score(batch)
      gradient.values.clear()
      loan.workspace.accumulateGradient(
        coefficients: Array(repeating: coefficient, count: sequence.scoredCount), into: &gradient)
      gradients.add(gradient, to: row)
    }
  }

  public var pairs: [(name: String, group: [String])] {
    ["rollout", "problem"].map { ("cross: same \($0)", ["controls", Self.name, "same_\($0)"]) }
      + [("cross: other problem", ["controls", Self.name, "other_problem"])]
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    let other = summary[["controls", Self.name, "other_problem"], "cosine_mean"]
    guard !other.estimate.isNaN else { return nil }
    let isZero = other.low <= 0 && other.high >= 0
    return "Between rollouts of different problems the cosine is \(fixed(other.estimate, 2)) "
      + "(\(other.ends(2))), "
      + (isZero
        ? "which is not distinguishable from 0: the alignment comes from sharing the response."
        : "which is not 0: rollouts share a direction whatever their problem.")
  }
}

/// Products of every marginal gradient with every conditional one.
public struct CrossMatrix: CollectionResult {
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

  public init(_ stored: StoredValues, plan: AlignmentPlan) throws {
    self.init(
      samples: try stored.integers("marginal_sample"),
      innerProducts: try stored.reals("inner_product"),
      normsMarginal: try stored.reals("norm_marginal"),
      normsConditional: try stored.reals("norm_conditional"))
    let count = samples.count
    let (products, overflow) = count.multipliedReportingOverflow(by: count)
    guard !overflow, innerProducts.count == products, normsMarginal.count == count,
      normsConditional.count == count
    else {
      throw StoredValues.Fault(
        "a cross matrix whose parts differ in size (expected \(count) rows and columns)")
    }
    guard samples.allSatisfy(plan.rollouts.indices.contains) else {
      throw StoredValues.Fault(
        "a cross matrix of rollouts that are not there (expected \(plan.rollouts.count))")
    }
  }

  /// Row-major; NaN where a norm is 0. (n, n)
  public var cosines: [Double] {
    let count = samples.count
    return innerProducts.indices.map { place in
      let norms = normsMarginal[place / count] * normsConditional[place % count]
      return norms > 0 ? innerProducts[place] / norms : .nan
    }
  }

  public var group: VariableGroup {
    let axes = ["marginal_sample", "conditional_sample"]
    return VariableGroup(
      axes: [
        Axis(
          axes[0], "rollout of the null-context gradient", .integers(samples), isStored: true),
        Axis(axes[1], "rollout of the conditional gradient", .integers(samples)),
      ],
      variables: [
        Variable(
          "inner_product", "inner product of two gradients", over: axes, isStored: true
        ) { .reals(innerProducts) },
        Variable("cosine", "cosine of two gradients", over: axes) { .reals(cosines) },
        Variable(
          "norm_marginal", "norm of the null-context gradient", over: [axes[0]], isStored: true
        ) { .reals(normsMarginal) },
        Variable(
          "norm_conditional", "norm of the conditional gradient", over: [axes[1]], isStored: true
        ) { .reals(normsConditional) },
      ],
      plot: VariableGroup.Plot(
        signal: "cosine", over: axes,
        title: "Null-context gradient of one rollout, conditional gradient of another"))
  }

  /// Means over the pairs of one rollout, of one problem and of different problems.
  public func statistics(
    _ plan: AlignmentPlan, _ bootstrap: BootstrapT
  ) -> [SummaryStatistic] {
    let problems = samples.map { plan.problems[$0] }
    let clusters = samples.map { Array(plan.rollouts[$0].cluster.utf8) }
    let kinds: [(name: String, title: String, belongs: (Int, Int) -> Bool)] = [
      ("same_rollout", "one rollout", { $0 == $1 }),
      ("same_problem", "two rollouts of one problem", { $0 != $1 && problems[$0] == problems[$1] }),
      ("other_problem", "rollouts of different problems", { problems[$0] != problems[$1] }),
    ]
    return kinds.flatMap { kind in
      [
        ("inner_product", "inner product", innerProducts, -Double.infinity...Double.infinity),
        ("cosine", "cosine", cosines, -1...1),
      ].compactMap { quantity, words, values, possible in
        let mean = PairMean(
          values: values, rows: clusters, columns: clusters, where: { kind.belongs($0, $1) })
        guard mean.count > 0 else { return nil }
        return SummaryStatistic(
          quantity + "_mean", mean.interval(bootstrap).within(possible),
          "mean \(words) of g_m and g_c of \(kind.title)", in: [kind.name])
      }
    }
  }
}
