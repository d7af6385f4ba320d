// NSR-RL: negative sample reinforcement after the prompt.
//
// The control of NSR-PreRL: under preset `matched` the two differ in the context of y and in
// nothing else.
// Differences from NSR of RLVR-Decomposed (Zhu et al., 2506.01347): advantages have the group's
// baseline; `advantage: raw` gives −1 on every wrong rollout as there.
// Differences from the PreRL paper's code: the denominator is the number of negative tokens of the
// batch, there of the micro-batch.
import StrictJSON
import Tasks

/// Only negative advantages, after the prompt.
public struct NSRRL: Algorithm {
  public static let name = "nsr-rl"

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
      groups, space: .postTrain, advantages: advantage.advantages(of: groups), keeping: { $0 < 0 },
      loss)
  }
}
