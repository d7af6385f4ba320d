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
  /// Meters of other models than the run's, by the control that asked for them.
  private var otherMeters: [String: PairMeter<Scalar>] = [:]
  /// A whole g_c, which per-token products need.
  private lazy var gradient = ConditionalGradient(model.layout)

  private final class ConditionalGradient {
    var values: GradientBuffer<Scalar>

    init(_ layout: ParameterLayout) {
      values = GradientBuffer(layout)
    }
  }

  /// - Parameter models: What the workers of a run share.
  public init(plan: AlignmentPlan, models: AlignmentModels<Scalar>) {
    self.plan = plan
    self.models = models
    model = models.model
    meter = PairMeter(
      workspace: Workspace(model), reduction: plan.options.reduction, method: plan.options.method)
  }

  /// Measures the rollout at an index of the file. The result depends on nothing else.
  public func measure(_ index: Int) -> SampleAlignment {
    let rollout = plan.rollouts[index]
    var pair = meter.measure(
      rollout.responseTokens, first: plan.options.nullContext.tokens, second: rollout.promptTokens)
    // What goes on from the main pair's activations comes before what replaces them.
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

  /// The row of a rollout with another context in the place of the null context.
  ///
  /// - Parameters:
  ///   - response: in the place of the rollout's own, in both contexts.
  ///   - firstScored: the first response token that both score; as in the main pair unless given.
  ///   - meter: of another model than the run's.
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

  /// A meter of a model of the control's own, which all workers of the run share.
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

/// The models of a run: the one that is measured, and those that controls make of its shape.
public final class AlignmentModels<Scalar: ModelScalar>: Sendable {
  public let model: Transformer<Scalar>
  private let others: Mutex<[String: Transformer<Scalar>]>

  public convenience init(_ model: Transformer<Scalar>) {
    self.init(model, others: [:])
  }

  /// - Parameter others: models of controls that would otherwise make their own.
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
