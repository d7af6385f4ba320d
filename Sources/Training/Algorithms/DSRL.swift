// DSRL: a warm-up of NSR-PreRL, then GRPO on all rollouts (policy reincarnation, arXiv:2604.14142).
//
//   step ≤ S: negative advantages after the null context
//   step > S: both signs after the prompt
//
// Differences from the paper: none known under preset `paper-equation`.
// Differences from its code: denominators are those of the whole batch. Its `step < S` from 1, so
// S − 1 warm-up steps, its factor 0.01, and the optimizer's moments that outlive the switch are
// preset `paper-code`; `matched` starts the second phase with fresh moments.
import StrictJSON
import Tasks

/// Two phases in two spaces.
public struct DSRL: Algorithm {
  public static let name = "dsrl"

  /// S.
  public var warmUpSteps: Int
  /// Whether step S belongs to the warm-up.
  public var warmUpIncludesLast: Bool
  public var resetsOptimizer: Bool
  public var warmUpAdvantage: AdvantageScheme
  public var warmUpCoefficient: Double
  public var advantage: AdvantageScheme
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    warmUpSteps = try reader.optionalInt("warm_up_steps", in: 1...Int.max) ?? 10
    guard warmUpSteps < run.steps else {
      throw JSONValueError(
        path: reader.path(of: "warm_up_steps"),
        message: "\(warmUpSteps) leaves no step of \(run.steps) to the second phase "
          + "(expected an integer below steps)")
    }
    warmUpIncludesLast =
      try reader.optionalBool("warm_up_includes_last") ?? run.preset.warmUpIncludesLast
    resetsOptimizer = try reader.optionalBool("reset_optimizer") ?? run.preset.resetsOptimizer
    warmUpAdvantage = try reader.advantage(
      "warm_up_advantage", default: run.preset.preTrainAdvantage)
    warmUpCoefficient = try reader.coefficient(
      "warm_up_coefficient", default: run.preset.preTrainCoefficient)
    advantage = try reader.advantage(default: run.preset.postTrainAdvantage)
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool {
    warmUpAdvantage.usesGroupBaseline || advantage.usesGroupBaseline
  }

  public var json: JSONObject {
    [
      "warm_up_steps": .integer(warmUpSteps), "warm_up_includes_last": .bool(warmUpIncludesLast),
      "reset_optimizer": .bool(resetsOptimizer),
      "warm_up_advantage": .string(warmUpAdvantage.rawValue),
      "warm_up_coefficient": .real(warmUpCoefficient),
      "advantage": .string(advantage.rawValue), "loss": loss.json,
    ]
  }

  /// The last step in the pre-train space.
  private var lastWarmUpStep: Int { warmUpIncludesLast ? warmUpSteps : warmUpSteps - 1 }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    if step <= lastWarmUpStep {
      return PolicyObjective(
        groups, space: .preTrain, advantages: warmUpAdvantage.advantages(of: groups),
        keeping: { $0 < 0 }, coefficient: warmUpCoefficient, loss)
    }
    return PolicyObjective(
      groups, space: .postTrain, advantages: advantage.advantages(of: groups), loss,
      startsFreshOptimizer: resetsOptimizer && step == lastWarmUpStep + 1)
  }
}
