// The `untrained` control: the main pair in a model of the same shape without training.
import KeyedRandom
import ModelCore

/// The same shape at initialisation: the cosine that the architecture gives without training.
public struct Untrained: SampleControl {
  public static let name = "untrained"
  public static let summary = "the same shape at initialisation"
  public let entries = [(name: "", title: "same shape at initialisation")]

  private let plan: AlignmentPlan

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    let key = RandomKey(seed: plan.options.seed).derive("untrained")
    let meter = aligner.meter(of: Self.name) { model in
      let untrained = Transformer<Scalar>(model.configuration)
      untrained.initialize(key)
      return untrained
    }
    return [aligner.row(index, context: plan.options.nullContext.tokens, meter: meter)]
  }
}
