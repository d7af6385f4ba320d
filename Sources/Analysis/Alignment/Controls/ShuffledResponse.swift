// The `shuffled-response` control: the tokens of the response in random order, in both contexts.
import KeyedRandom
import ModelCore

/// y with its tokens shuffled, after the null context and after its prompt.
public struct ShuffledResponse: SampleControl {
  public static let name = "shuffled-response"
  public static let summary = "the response's tokens shuffled, in both contexts"
  public let entries = [(name: "", title: "shuffled response in both contexts")]

  private let plan: AlignmentPlan
  private let key: RandomKey

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
    key = plan.key("shuffled response")
  }

  /// y in random order; an end token remains last.
  package func response(_ index: Int, endTokens: [Int]) -> [Int32] {
    var response = plan.rollouts[index].responseTokens
    var random = key.derive(UInt64(index)).generator()
    let end = response.last.flatMap { endTokens.contains(Int($0)) ? $0 : nil }
    if end != nil { response.removeLast() }
    random.shuffle(&response)
    return response + (end.map { [$0] } ?? [])
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    let response = response(index, endTokens: aligner.model.configuration.eosTokens)
    return [aligner.row(index, context: plan.options.nullContext.tokens, response: response)]
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    summary.comparison(with: [Self.name], of: "the response's tokens shuffled in both contexts")
  }
}
