// Named combinations of the choices on which the paper's text, its code and a fair comparison differ.
import Tasks

/// What `preset` of a configuration stands for; single keys override it.
public enum Preset: String, Sendable, CaseIterable {
  /// What the paper's code does: advantages divided by their deviation after the prompt, only
  /// centered and × 0.01 after the null context; S − 1 steps of DSRL's first phase; the optimizer goes on.
  case paperCode = "paper-code"
  /// One formula for both spaces, GRPO's (r − mean)/std; S steps of that phase; the optimizer goes on.
  case paperEquation = "paper-equation"
  /// The two spaces differ in the context and in nothing else: centered advantages, no factor, S
  /// warm-up steps, and each phase starts with a fresh optimizer, as a run of its own would.
  case matched

  /// The advantages of losses after the prompt.
  public var postTrainAdvantage: AdvantageScheme {
    self == .matched ? .groupCentered : .groupStandardized
  }

  /// The advantages of losses after the null context.
  public var preTrainAdvantage: AdvantageScheme {
    self == .paperEquation ? .groupStandardized : .groupCentered
  }

  /// The factor of losses after the null context. Adam cancels it but for gradient clipping and ε.
  public var preTrainCoefficient: Double { self == .paperCode ? 0.01 : 1 }

  /// verl's default; inert while each batch is used once.
  public var dualClip: Double? { self == .paperCode ? 3 : nil }

  /// Whether step S still belongs to DSRL's first phase.
  public var preTrainIncludesLast: Bool { self != .paperCode }

  /// Whether DSRL's second phase starts with fresh moments.
  public var resetsOptimizer: Bool { self == .matched }
}
