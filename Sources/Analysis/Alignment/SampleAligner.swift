// Measures one rollout: the main pair and its rows of the controls.
import ModelCore
import Synchronization

/// One worker of an alignment run.
public final class SampleAligner<Scalar: ModelScalar> {
  /// Measures pairs of the run's model.
  let meter: PairMeter<Scalar>
  public let model: Transformer<Scalar>
  private let plan: AlignmentPlan
  private let models: AlignmentModels<Scalar>
  /// Meters of models other than the run's, by the control that asked for them.
  private var otherMeters: [String: PairMeter<Scalar>] = [:]
  /// A full g_c, which per-token products need.
  private lazy var gradient = ConditionalGradient(model.layout)

  private final class ConditionalGradient {
    var values: GradientBuffer<Scalar>

    init(_ layout: ParameterLayout) {
      values = GradientBuffer(layout)
    }
  }

  /// - Parameter models: The models that the workers of a run share.
  public init(plan: AlignmentPlan, models: AlignmentModels<Scalar>) {
    self.plan = plan
    self.models = models
    model = models.model
    meter = PairMeter(
      workspace: Workspace(model), reduction: plan.options.reduction, method: plan.options.method)
  }

  /// Measures the rollout at an index of the file. The result depends only on the index.
  public func measure(_ index: Int) -> SampleAlignment {
    let rollout = plan.rollouts[index]
    var pair = meter.measure(
      rollout.responseTokens, first: plan.options.nullContext.tokens, second: rollout.promptTokens)
    // Controls that reuse the main pair's activations run before controls that overwrite them.
    var rows = [[PairSummary]](repeating: [], count: plan.sampleControls.count)
    for continues in [true, false] {
      for (place, control) in plan.sampleControls.enumerated()
      where type(of: control).continuesMainPair == continues {
        rows[place] = control.measure(index, main: pair, with: self)
      }
    }
    if plan.options.tokenProducts { pair.tokenInnerProducts = tokenProducts(index) }
    return SampleAlignment(index: index, pair: pair, controls: rows.flatMap(\.self))
  }

  // MARK: - For controls

  /// The row of a rollout with another context in place of the null context.
  ///
  /// - Parameters:
  ///   - response: replaces the rollout's response in both contexts.
  ///   - firstScored: the first response token that both score; by default as in the main pair.
  ///   - meter: a meter of another model; by default that of the run's model.
  func row(
    _ index: Int, context: [Int32], response: [Int32]? = nil, firstScored: Int? = nil,
    meter: PairMeter<Scalar>? = nil
  ) -> PairSummary {
    let rollout = plan.rollouts[index]
    return (meter ?? self.meter).measure(
      response ?? rollout.responseTokens, first: context, second: rollout.promptTokens,
      firstScored: firstScored ?? plan.firstScored
    ).summary(plan.options.reduction)
  }

  /// The rows of a rollout with each of several contexts in place of the null context. They share one
  /// gradient of log P(y|x).
  func rows(_ index: Int, contexts: [[Int32]]) -> [PairSummary] {
    let rollout = plan.rollouts[index]
    return meter.measure(
      rollout.responseTokens, firsts: contexts, second: rollout.promptTokens,
      firstScored: plan.firstScored
    ).map { $0.summary(plan.options.reduction) }
  }

  /// A meter of the control's own model, which all workers of the run share.
  func meter(
    of control: String, _ make: (Transformer<Scalar>) -> Transformer<Scalar>
  ) -> PairMeter<Scalar> {
    if let meter = otherMeters[control] { return meter }
    let meter = PairMeter(
      workspace: Workspace(models.model(of: control, make)), reduction: plan.options.reduction,
      method: plan.options.method)
    otherMeters[control] = meter
    return meter
  }

  // MARK: - Tokens

  /// <∇ log π(y_t | n, ·), g_c> of each token, scaled so that they add up to the inner product.
  private func tokenProducts(_ index: Int) -> [Double] {
    let workspace = meter.workspace
    let gradient = gradient
    var batch = PackedSequences()
    batch.append(plan.sequence(index, marginal: false))
    _ = workspace.score(batch)
    let coefficient = meter.coefficient(batch.scoredCount)
    gradient.values.values.clear()
    workspace.accumulateGradient(
      coefficients: Array(repeating: coefficient, count: batch.scoredCount), into: &gradient.values)
    batch = PackedSequences()
    batch.append(plan.sequence(index, marginal: true))
    _ = workspace.score(batch)
    let unscored = plan.rollouts[index].responseTokens.count - batch.scoredCount
    return Array(repeating: .nan, count: unscored)
      + workspace.tokenDerivatives(along: gradient.values).map { $0 * Double(coefficient) }
  }
}

/// The models of a run: the measured one, and those of the same shape that controls make.
public final class AlignmentModels<Scalar: ModelScalar>: Sendable {
  public let model: Transformer<Scalar>
  private let others: Mutex<[String: Transformer<Scalar>]>

  public convenience init(_ model: Transformer<Scalar>) {
    self.init(model, others: [:])
  }

  /// - Parameter others: models for controls that would otherwise make their own.
  package init(_ model: Transformer<Scalar>, others: [String: Transformer<Scalar>]) {
    self.model = model
    self.others = Mutex(others)
  }

  /// A control's own model, made once.
  func model(
    of control: String, _ make: (Transformer<Scalar>) -> Transformer<Scalar>
  ) -> Transformer<Scalar> {
    others.withLock { others in
      if let model = others[control] { return model }
      let model = make(self.model)
      others[control] = model
      return model
    }
  }
}
