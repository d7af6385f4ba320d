// The `random-prompt` control: the same response after random tokens.
import KeyedRandom
import ModelCore

/// As many uniformly random tokens as the prompt has, in place of the null context.
public struct RandomPrompt: SampleControl {
  public static let name = "random-prompt"
  public static let summary = "a prompt of random tokens in the place of the null context"
  public let entries = [(name: "", title: "same response, random prompt")]

  private let plan: AlignmentPlan
  private let key: RandomKey
  private let allowed: [Int32]

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
    key = plan.key("random prompt")
    allowed = (0..<Int32(plan.vocabularySize)).filter { !plan.options.specialTokens.contains($0) }
  }

  /// The prompt's first token, then uniformly random tokens that are not special, up to the length
  /// of the prompt.
  package func prompt(_ index: Int) -> [Int32] {
    let prompt = plan.rollouts[index].promptTokens
    guard !allowed.isEmpty else { return prompt }
    var random = key.derive(UInt64(index)).generator()
    return prompt.prefix(1)
      + prompt.dropFirst().map { _ in allowed[random.uniform(below: allowed.count)] }
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    [aligner.row(index, context: prompt(index))]
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    summary.comparison(with: [Self.name], of: "a prompt of random tokens")
  }
}
