// PreRL: reinforcement learning in the pre-train space, both signs (arXiv:2604.14142).
//
// y is sampled with its prompt, y ~ π(·|x), and rewarded as such; the update differentiates
// log π(y|n) after the null context n, with old log-probabilities of that space.
//
// Differences from the paper: what it calls log P(y) is not the marginal Σ_x p(x) P(y|x), and is
// not called so here.
// Differences from the paper's code: n is a setting (there the literal token 151644); denominators
// are those of the whole batch. Its factor 0.01 and its centered advantages are preset `paper-code`.
// E[∇ log π(y|n)] is not 0 under y ~ π(·|x): here a baseline changes the expected update, too.
import StrictJSON
import Tasks

/// Both signs after the null context.
public struct PreRL: Algorithm {
  public static let name = "prerl"

  public var advantage: AdvantageScheme
  /// Factor of the loss.
  public var coefficient: Double
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    advantage = try reader.advantage(default: run.preset.preTrainAdvantage)
    coefficient = try reader.coefficient(default: run.preset.preTrainCoefficient)
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool { advantage.usesGroupBaseline }

  public var json: JSONObject {
    [
      "advantage": .string(advantage.rawValue), "coefficient": .real(coefficient),
      "loss": loss.json,
    ]
  }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    PolicyObjective(
      groups, space: .preTrain, advantages: advantage.advantages(of: groups),
      coefficient: coefficient, loss)
  }
}
