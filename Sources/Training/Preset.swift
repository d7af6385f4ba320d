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
  /// The defaults of TRL's `PPOConfig`; for actor-critic algorithms, like the three below.
  case trl
  /// The defaults of OpenRLHF's `train_ppo_ray`.
  case openrlhf
  /// The defaults of verl's `ppo_trainer.yaml`.
  case verl
  /// VAPO (Yue et al., 2504.05118): λ = 1 for the critic, one that grows with the length for the policy, a
  /// warm-up of the critic and a wider upper limit of the ratio; without its likelihood term on right
  /// responses.
  case vapo

  /// Those that are about the prompt and the null context, for algorithms without a critic.
  static let ofSpaces: [Preset] = [.paperCode, .paperEquation, .matched]

  /// The advantages of losses after the prompt.
  public var postTrainAdvantage: AdvantageScheme {
    self == .paperCode || self == .paperEquation ? .groupStandardized : .groupCentered
  }

  /// The advantages of losses after the null context.
  public var preTrainAdvantage: AdvantageScheme {
    self == .paperEquation ? .groupStandardized : .groupCentered
  }

  /// The factor of losses after the null context. Adam cancels it but for gradient clipping and ε.
  public var preTrainCoefficient: Double { self == .paperCode ? 0.01 : 1 }

  /// verl's default; inert while each batch is used once.
  public var dualClip: Double? { self == .paperCode || self == .verl ? 3 : nil }

  /// ε_high where it is not the standard one.
  public var clipHigh: Double? { self == .vapo ? 0.28 : nil }

  /// Passes over a batch.
  public var updatesPerBatch: Int { self == .trl ? 4 : 1 }

  /// Whether step S still belongs to DSRL's first phase.
  public var preTrainIncludesLast: Bool { self != .paperCode }

  /// Whether DSRL's second phase starts with fresh moments.
  public var resetsOptimizer: Bool { self == .matched }
}
