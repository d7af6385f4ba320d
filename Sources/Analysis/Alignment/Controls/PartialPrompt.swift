// The `partial-prompt` control: how much of the prompt must be kept?
//
// The first k tokens of the prompt take the place of the null context, for k in eighths of the
// prompt. At k = |x| both objectives are log P(y|x) and the cosine is 1. Where the cosine falls as
// k decreases shows which part of the prompt the gradient depends on.
import ModelCore
import Tables

/// log P(y | first k tokens of x) in place of log P(y), for several k.
public struct PartialPrompt: SampleControl {
  public static let name = "partial-prompt"
  public static let summary = "the first k tokens of the prompt in the place of the null context"
  /// Not part of `all`, since the results of `all` are compared bit for bit with committed ones.
  public static let isPartOfAll = false

  /// Steps of the sweep; the last one is the whole prompt.
  private static let steps = 8
  /// The report's sentence treats a cosine of at least this as equal to that of the whole prompt.
  private static let high = 0.9

  private let plan: AlignmentPlan

  public init(_ plan: AlignmentPlan) throws(ControlObstacle) {
    self.plan = plan
  }

  public var entries: [(name: String, title: String)] {
    (1...Self.steps).map { step in
      ("\(step) of \(Self.steps)", "the first \(step)/\(Self.steps) of the prompt")
    }
  }

  public func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary] {
    let prompt = plan.rollouts[index].promptTokens
    let contexts = (1...Self.steps).map { step in
      // Rounded up, so that the first step has at least one token and the last the whole prompt.
      let count = (prompt.count * step + Self.steps - 1) / Self.steps
      return Array(prompt.prefix(count))
    }
    return aligner.rows(index, contexts: contexts)
  }

  public func sentence(_ summary: AlignmentSummary) -> String? {
    let cosines = (0..<Self.steps).map {
      summary[["controls", Self.name, String($0)], "cosine_mean"]
    }
    guard let step = cosines.firstIndex(where: { $0.estimate >= Self.high }) else { return nil }
    let own = "\(fixed(cosines[step].estimate, 2)) (\(cosines[step].ends(2)))"
    let before = step > 0 ? fixed(cosines[step - 1].estimate, 2) : ""
    return switch step {
    case Self.steps - 1:
      "Nothing short of the whole prompt gives a cosine of \(fixed(Self.high, 1)) with log P(y|x): "
        + "without its last eighth it is \(before)."
    case 0: "The first eighth of the prompt already gives a cosine of \(own) with log P(y|x)."
    default:
      "The first \(step + 1)/\(Self.steps) of the prompt give a cosine of \(own) with log P(y|x), "
        + "an eighth less gives \(before)."
    }
  }
}
