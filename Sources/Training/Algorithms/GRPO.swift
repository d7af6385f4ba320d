// GRPO: the policy gradient of log P(y|x) with the group of a problem's rollouts as its baseline
// (Shao et al., DeepSeekMath, 2402.03300).
//
// Differences from the paper: no KL penalty, as in the runs that PreRL is compared with; tokens of
// the whole batch weigh alike (token-mean) unless `aggregation` says otherwise, where the paper
// averages within each response first.
// Differences from the code of the PreRL paper (a fork of verl): the denominator is that of the
// whole batch, there that of a micro-batch, so that a token's weight depends on the packing.
// Preset `matched` leaves out the division by the deviation: advantages as in PreRL.
import StrictJSON
import Tasks

/// Both signs after the prompt, advantages relative to the group.
public struct GRPO: Algorithm {
  public static let name = "grpo"

  public var advantage: AdvantageScheme
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    advantage = try reader.advantage(default: run.preset.postTrainAdvantage)
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool { advantage.usesGroupBaseline }

  public var json: JSONObject {
    ["advantage": .string(advantage.rawValue), "loss": loss.json]
  }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    PolicyObjective(
      groups, space: .postTrain, advantages: advantage.advantages(of: groups), loss)
  }
}
