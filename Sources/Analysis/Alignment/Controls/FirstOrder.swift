// The `first-order` control: does a small step do what its inner product predicts?
//
// Per sample: θ + η g_m(y_i) should change log P(y_i | x_i) by η <g_m, g_c>. Per rule: θ + η u, with u
// from all batches, should change J = Σ A_i log π(y_i | x_i) / N of the held-out rollouts by η <u, ∇J>.
// Where none are held out, u is from the first half of the batches and J of the other half. The validity
// radius is the largest tested |Δθ| such that |actual/predicted − 1| ≤ 0.1 there and at every smaller one;
// step lengths grow by factors of 2. The collateral change is the mean change of log P(y | x) per token on
// responses to other problems. No rule aims at it. The same is asked of the step that training takes first:
// Adam's along the first batch's u, at several learning rates.
import ModelCore
import RealModule
import Statistics
import Tables
import Tasks

/// Predicted against actual change of the objective after a step.
public struct FirstOrder: CollectionControl {
  public static let name = "first-order"
  public static let summary = "predicted against actual change after a step"

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    if let reason = UpdateBatches.obstacle(plan) { throw ControlObstacle(reason) }
  }

  public func measure<Scalar: ModelScalar>(
    _ run: CollectionMeasurement<Scalar>
  ) throws -> FirstOrderControl? {
    try FirstOrderControl.measure(
      run.plan, vectors: run.batchVectors, model: run.model, threads: run.threads,
      shouldStop: run.shouldStop, progress: run.progress)
  }

  public func leastBytes(_ plan: AlignmentPlan, _ memory: GradientMemory) -> Int {
    // The moved model, a direction and the gradient of J.
    memory.bytes(ofWhole: memory.isInMemory ? 3 : 4)
      + BatchVectors<Float>.leastBytes(ofSums: memory)
  }
}

/// Predicted and actual changes over step lengths.
public struct FirstOrderControl: CollectionResult {
  /// One direction and what steps along it do.
  public struct Direction: Sendable {
    /// A rule's name, or the rollout's index for a per-sample direction.
    public let name: String
    /// The rollout, for a per-sample direction.
    public let sample: Int?
    /// Predicted change of the objective at each length.
    public let predicted: [Double]
    /// Actual change.
    public let actual: [Double]
    /// Mean change of log P(y | x) per token on other problems' rollouts.
    public let collateral: [Double]

    public init(
      name: String, sample: Int?, predicted: [Double], actual: [Double], collateral: [Double]
    ) {
      self.name = name
      self.sample = sample
      self.predicted = predicted
      self.actual = actual
      self.collateral = collateral
    }
  }

  /// Adam's first step along a rule's vector of one batch, at each of `learningRates`.
  public struct AdamSteps: Sendable {
    /// The rule's name.
    public let name: String
    /// |Δθ|, Euclidean, at each rate.
    public let lengths: [Double]
    /// Predicted change of the objective, in nats.
    public let predicted: [Double]
    /// Actual change.
    public let actual: [Double]
    /// Mean change of log P(y | x) per token on the rollouts that the objective is of.
    public let collateral: [Double]

    public init(
      name: String, lengths: [Double], predicted: [Double], actual: [Double], collateral: [Double]
    ) {
      self.name = name
      self.lengths = lengths
      self.predicted = predicted
      self.actual = actual
      self.collateral = collateral
    }
  }

  /// |Δθ|, Euclidean, growing by factors of 2. (S)
  public let lengths: [Double]
  public let samples: [Direction]
  public let rules: [Direction]
  public let adamSteps: [AdamSteps]

  public init(
    lengths: [Double], samples: [Direction], rules: [Direction], adamSteps: [AdamSteps]
  ) {
    self.lengths = lengths
    self.samples = samples
    self.rules = rules
    self.adamSteps = adamSteps
  }

  /// The learning rates of Adam's steps: those of training at this size, and one beyond.
  public static let learningRates = [1e-4, 3e-4, 1e-3]

  public init(_ stored: StoredValues, plan: AlignmentPlan) throws {
    let lengths = try stored.reals("length")
    let names = try stored.texts("direction_name")
    let samples = try stored.integers("direction_sample")
    let values = try Self.changes.map { try stored.reals($0.name) }
    let (size, overflow) = names.count.multipliedReportingOverflow(by: lengths.count)
    guard !overflow, samples.count == names.count, values.allSatisfy({ $0.count == size }) else {
      throw StoredValues.Fault(
        "changes along steps that differ in size (expected \(names.count) directions)")
    }
    let directions = names.indices.map { place in
      let range = place * lengths.count..<(place + 1) * lengths.count
      return Direction(
        name: names[place], sample: samples[place] < 0 ? nil : samples[place],
        predicted: Array(values[0][range]), actual: Array(values[1][range]),
        collateral: Array(values[2][range]))
    }
    guard samples.allSatisfy({ $0 < plan.rollouts.count }) else {
      throw StoredValues.Fault(
        "steps along rollouts that are not there (expected \(plan.rollouts.count))")
    }
    let adamNames = try stored.texts("adam_rule_name")
    let rates = Self.learningRates.count
    let adamValues = try Self.adamColumns.map { try stored.reals($0.name) }
    guard adamValues.allSatisfy({ $0.count == adamNames.count * rates }) else {
      throw StoredValues.Fault(
        "changes along Adam's steps that differ in size (expected \(adamNames.count) rules)")
    }
    self.init(
      lengths: lengths, samples: directions.filter { $0.sample != nil },
      rules: directions.filter { $0.sample == nil },
      adamSteps: adamNames.enumerated().map { place, name in
        let own = adamValues.map { Array($0[place * rates..<(place + 1) * rates]) }
        return AdamSteps(
          name: name, lengths: own[0], predicted: own[1], actual: own[2], collateral: own[3])
      })
  }

  /// Largest relative error at which a prediction counts as valid.
  public static let tolerance = 0.1

  /// Whether a change is as predicted.
  private static func holds(_ actual: Double, _ predicted: Double) -> Bool {
    abs(actual / predicted - 1) <= tolerance
  }

  /// The largest tested length up to which the prediction holds; 0 if it fails at the smallest.
  public func validityRadius(_ direction: Direction) -> Double {
    var radius = 0.0
    for (index, length) in lengths.enumerated() {
      guard Self.holds(direction.actual[index], direction.predicted[index]) else { break }
      radius = length
    }
    return radius
  }

  /// Step lengths as fractions of |θ|: 2⁻¹⁶ … 2⁻⁵.
  private static let exponents = -16 ... -5
  /// Rollouts of other problems for the collateral change of a sample's step.
  private static let collateralCount = 16

  static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, vectors: BatchVectors<Scalar>, model: Transformer<Scalar>, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool,
    progress: (Double) -> Void
  ) throws -> FirstOrderControl? {
    let moved = Transformer<Scalar>(model.configuration)
    let scorer = SequenceScorer(moved)
    let inMemory = model.inMemory
    let size = inMemory.withParameters { $0.norm() }
    let lengths = exponents.map { Scalar.exp2(Scalar($0)) }.map { Double($0) * size }
    var gradient = GradientBuffer<Scalar>(model.layout)

    /// Each sequence's Σ_t log π where the model is.
    func totals(_ sequences: [ScoredSequence]) throws -> [Double] {
      try SequenceScorer(model).logProbabilities(sequences, threads: threads)
    }
    /// Changes of these along a direction, one row a length; nil if stopped.
    ///
    /// - Parameter goesOn: Whether longer steps are asked for, from a length's place and its row; the rows of the
    ///   others are NaN.
    func changes(
      _ sequences: [ScoredSequence], from base: [Double],
      along direction: borrowing Buffer<Scalar>, _ lengths: [Double],
      goesOn: (Int, [Double]) -> Bool = { _, _ in true }
    ) throws -> [[Double]]? {
      let norm = direction.norm()
      var rows: [[Double]] = []
      for (place, length) in lengths.enumerated() {
        if shouldStop() { return nil }
        inMemory.withParameters { parameters in
          moved.withParameters { target in
            target.copy(from: parameters)
            if length > 0, norm > 0 {
              target.add(direction, scaledBy: Scalar(length / norm))
            }
          }
        }
        let moved = try scorer.logProbabilities(sequences, threads: threads)
        rows.append(zip(moved, base).map { $0 - $1 })
        guard goesOn(place, rows[place]) else { break }
      }
      let missing = [Double](repeating: .nan, count: sequences.count)
      return rows + Array(repeating: missing, count: lengths.count - rows.count)
    }

    // Per sample.
    let total = plan.rollouts.count
    let sampleCount = min(plan.options.firstOrderSamples, total)
    let indices = (0..<sampleCount).map { $0 * total / sampleCount }
    let workspace = Workspace(model)
    var samples: [Direction] = []
    for (place, index) in indices.enumerated() {
      let own = plan.sequence(index, marginal: false)
      let others = plan.rollouts.indices.filter { plan.problems[$0] != plan.problems[index] }
      let some = (0..<min(collateralCount, others.count)).map {
        others[$0 * others.count / min(collateralCount, others.count)]
      }
      let otherSequences = some.map { plan.sequence($0, marginal: false) }
      let otherTokens = otherSequences.reduce(0) { $0 + $1.scoredCount }
      func fill(_ sequence: ScoredSequence) {
        var batch = PackedSequences()
        batch.append(sequence)
        _ = workspace.score(batch)
        gradient.values.clear()
        workspace.accumulateGradient(
          coefficients: Array(repeating: 1, count: batch.scoredCount), into: &gradient)
      }
      fill(own)
      var conditional = Buffer<Scalar>(count: model.layout.count)
      conditional.copy(from: gradient.values)
      fill(plan.sequence(index, marginal: true))
      let slope = gradient.values.innerProduct(conditional) / gradient.values.norm()
      let sequences = [own] + otherSequences
      guard
        let rows = try changes(
          sequences, from: totals(sequences), along: gradient.values, lengths)
      else { return nil }
      samples.append(
        Direction(
          name: "\(index)", sample: index, predicted: lengths.map { $0 * slope },
          actual: rows.map { $0[0] },
          collateral: rows.map { $0.dropFirst().reduce(0, +) / Double(otherTokens) }))
      progress(0.5 * Double(place + 1) / Double(indices.count))
    }

    // Per rule.
    let batches = vectors.batches
    let hasHeldOut = !batches.heldOut.isEmpty
    let half = UpdateBatches.count / 2
    let updating = hasHeldOut ? 0..<UpdateBatches.count : 0..<half
    let judging = hasHeldOut ? 0..<UpdateBatches.count : half..<UpdateBatches.count
    let judged = judging.map { hasHeldOut ? batches.heldOut[$0] : batches.members[$0] }
    let heldOut = judged.flatMap(\.self)
    let sequences = heldOut.map { plan.sequence($0, marginal: false) }
    let tokens = Double(sequences.reduce(0) { $0 + $1.scoredCount })
    let advantages = heldOut.map { batches.advantages[$0] }
    // ∇J from the batches: C_k is already divided by its own N_k.
    var slopeOfJ = Buffer<Scalar>(count: model.layout.count)
    let gradientOfJ = hasHeldOut ? UpdateVector.heldOutGradient.name : "C_c"
    let termsOfJ = zip(judging, judged).map { batch, members in
      (
        coefficient: Scalar(Double(plan.scoredCount(members)) / tokens), name: gradientOfJ,
        batch: batch
      )
    }
    guard try vectors.add(termsOfJ, to: &slopeOfJ) else { return nil }
    /// Leaves a rule's mean vector over some batches in `direction`; false if stopped.
    func fill(
      _ direction: inout Buffer<Scalar>, _ rule: UpdateVector, _ batches: Range<Int>
    ) throws -> Bool {
      direction.clear()
      let terms = UpdateVector.basisNames.flatMap { name in
        rule.coefficients[name].map { coefficient in
          batches.map {
            (coefficient: Scalar(coefficient / Double(batches.count)), name: name, batch: $0)
          }
        } ?? []
      }
      return try vectors.add(terms, to: &direction)
    }
    func objective(_ rows: [[Double]]) -> [Double] {
      rows.map { row in zip(row, advantages).reduce(0) { $0 + $1.0 * $1.1 } / tokens }
    }
    func collateral(_ rows: [[Double]]) -> [Double] { rows.map { $0.reduce(0, +) / tokens } }
    let base = try totals(sequences)
    let findsRadiiOnly = plan.options.findsRadiiOnly
    var rules: [Direction] = []
    var adamSteps: [AdamSteps] = []
    var direction = Buffer<Scalar>(count: model.layout.count)
    for (place, rule) in UpdateVector.rules.enumerated() {
      guard try fill(&direction, rule, updating) else { return nil }
      let slope = direction.innerProduct(slopeOfJ) / direction.norm()
      let rows = try changes(sequences, from: base, along: direction, lengths) { place, row in
        !findsRadiiOnly || holds(objective([row])[0], lengths[place] * slope)
      }
      guard let rows else { return nil }
      rules.append(
        Direction(
          name: rule.name, sample: nil, predicted: lengths.map { $0 * slope },
          actual: objective(rows), collateral: collateral(rows)))
      progress(0.5 + 0.5 * Double(place + 1) / Double(UpdateVector.rules.count))
      if findsRadiiOnly { continue }
      guard try fill(&direction, rule, updating.prefix(1)) else { return nil }
      direction.becomeFirstAdamStep(epsilon: Scalar(UpdateControl.epsilon))
      let (norm, product) = (direction.norm(), direction.innerProduct(slopeOfJ))
      let stepLengths = learningRates.map { $0 * norm }
      guard let stepRows = try changes(sequences, from: base, along: direction, stepLengths)
      else { return nil }
      adamSteps.append(
        AdamSteps(
          name: rule.name, lengths: stepLengths, predicted: learningRates.map { $0 * product },
          actual: objective(stepRows), collateral: collateral(stepRows)))
    }
    return FirstOrderControl(
      lengths: lengths, samples: samples, rules: rules, adamSteps: adamSteps)
  }
}
