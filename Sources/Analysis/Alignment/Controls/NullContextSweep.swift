// The `null-context` control: the main pair with other null contexts.
import ModelCore

/// log π(y | n) for each context n of the sweep, in place of the run's null context.
public struct NullContextSweep: SampleControl {
  public static let name = "null-context"
  public static let summary = "other null contexts (bos, eos, pad and none)"

  private let plan: AlignmentPlan

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
  }

  public var entries: [(name: String, title: String)] {
    plan.options.nullContextSweep.map { ($0.name, "null context \($0.name)") }
  }

  public var longestContext: Int {
    plan.options.nullContextSweep.map(\.tokens.count).max() ?? 0
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    // Without a context there is no prediction of y_1. So g_c leaves it out, too, and a response of
    // one token has no row.
    let isShort = plan.rollouts[index].responseTokens.count < 2
    return plan.options.nullContextSweep.map { context in
      context.tokens.isEmpty && isShort
        ? .undefined : aligner.row(index, context: context.tokens, firstScored: 0)
    }
  }
}
