// The `mismatched-prompt` control: the same response after the prompt of another problem.
//
// If the cosine of log P(y) and log P(y|x) came from the relation between y and x, another
// problem's prompt in place of the null context would give a lower one.
import KeyedRandom
import ModelCore

/// log P(y | prompt of another problem) in place of log P(y).
public struct MismatchedPrompt: SampleControl {
  public static let name = "mismatched-prompt"
  public static let summary = "the prompt of another problem in the place of the null context"
  public let entries = [(name: "", title: "same response, another problem's prompt")]

  /// The rollouts of the run, for their prompts.
  private let prompts: [[Int32]]
  /// For each rollout, one of another problem.
  private let partners: [Int]

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    guard plan.problemCount > 1 else {
      throw ControlObstacle("there is one problem only, so no other prompt")
    }
    var members = [[Int]](repeating: [], count: plan.problemCount)
    for (index, problem) in plan.problems.enumerated() { members[problem].append(index) }
    let key = plan.key("mismatched prompt")
    prompts = plan.rollouts.map(\.promptTokens)
    partners = plan.rollouts.indices.map { index in
      var random = key.derive(UInt64(index)).generator()
      let own = members[plan.problems[index]]
      // Finds the drawn rollout of another problem without building a list of such rollouts.
      var partner = random.uniform(below: plan.rollouts.count - own.count)
      for member in own where member <= partner { partner += 1 }
      return partner
    }
  }

  public var longestContext: Int { prompts.map(\.count).max() ?? 0 }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    [aligner.row(index, context: prompts[partners[index]])]
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    summary.comparison(with: [Self.name], of: "the prompt of another problem")
  }
}
