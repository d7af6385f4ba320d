// PSR-RL: positive sample reinforcement after the prompt.
//
// Differences from PSR of RLVR-Decomposed (Zhu et al., 2506.01347): advantages have the group's
// baseline, so that a problem that is always solved teaches nothing; `advantage: raw` gives +1 on
// every right rollout as there. From the PreRL paper's code: the denominator is that of the batch,
// there of the micro-batch.
import StrictJSON
import Tasks

/// Only positive advantages, after the prompt.
public struct PSRRL: Algorithm {
  public static let name = "psr-rl"

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
      groups, space: .postTrain, advantages: advantage.advantages(of: groups), keeping: { $0 > 0 },
      loss)
  }
}
