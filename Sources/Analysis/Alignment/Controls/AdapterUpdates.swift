// The `adapter-update` control: does learning through an adapter go where the full gradient goes?
//
// A gradient step on the factors A and B moves a matrix along P = s (dB A + B dA), the projection of its gradient dW onto
// what the adapter can do at first order, with the adapter's own lengths. The cosine of P and dW over the adapted matrices of
// a layer says how much of the full gradient's direction the adapter follows there.
import ModelCore
import Tables

/// The adapter's step against the full gradient, layer by layer, under both objectives.
public struct AdapterUpdates: SampleControl {
  public static let name = "adapter-update"
  public static let summary =
    "the step of a LoRA adapter (--gradients both) against the gradient of its matrices, layer by layer"
  /// Only a model with an adapter has it.
  public static let isPartOfAll = false
  /// It runs another backward pass over the main pair's activations.
  public static let continuesMainPair = true

  private let plan: AlignmentPlan

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    guard !plan.options.adapterLayers.isEmpty else {
      throw ControlObstacle(
        "there are no gradients of an adapter and of its base (expected --adapter and --gradients both)"
      )
    }
    self.plan = plan
  }

  private var layers: [Int] { plan.options.adapterLayers }

  public var entries: [(name: String, title: String)] {
    let places = [("all layers", "all layers")] + layers.map { ("layer \($0)", "layer \($0)") }
    return places.flatMap { name, title in
      [
        ("\(name), null context", "the adapter's step in \(title), after the null context"),
        ("\(name), prompt", "the adapter's step in \(title), after the prompt"),
      ]
    }
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    let meter = aligner.meter
    let coefficients = Array(
      repeating: meter.coefficient(main.scoredCount), count: 2 * main.scoredCount)
    let updates = meter.workspace.adapterUpdates(
      coefficients: coefficients, method: plan.options.method)
    func row(_ updates: [AdapterUpdate], _ layer: Int?) -> PairSummary {
      let own = updates.filter { layer == nil || $0.layer == layer }
      return PairSummary(
        innerProduct: own.reduce(0) { $0 + $1.innerProduct },
        squaredNormMarginal: own.reduce(0) { $0 + $1.squaredNormOfUpdate },
        squaredNormConditional: own.reduce(0) { $0 + $1.squaredNormOfGradient },
        logMarginal: main.logMarginal, logConditional: main.logConditional,
        scoredCount: main.scoredCount, reduction: plan.options.reduction)
    }
    return ([nil] + layers.map { $0 }).flatMap { layer in
      [row(updates.first, layer), row(updates.second, layer)]
    }
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    let own = summary[["controls", Self.name, "1"], "cosine_mean"]
    guard own.estimate.isFinite else { return nil }
    return
      "A step of the adapter has a cosine of \(fixed(own.estimate, 2)) (\(own.ends(2))) with the full gradient of "
      + "log P(y|x) over the matrices that it changes."
  }
}
