// REINFORCE++: rewards normalised over the whole batch instead of the group (Hu, 2501.03262).
//
// A = (r − mean) / (std + 1e-8) over all rollouts of the step, after the prompt. `group_baseline`
// takes the group's mean off first (REINFORCE++-baseline of the same paper).
// Differences from the paper: no KL penalty in the reward, so that every token of a response has the
// same return.
// Differences from its code (OpenRLHF): mean and deviation weigh rollouts alike, there tokens; std
// has n − 1.
import StrictJSON
import Tasks

/// Advantages relative to the batch.
public struct ReinforcePlusPlus: Algorithm {
  public static let name = "reinforce++"

  public var usesGroupBaseline: Bool
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    usesGroupBaseline = try reader.optionalBool("group_baseline") ?? false
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var json: JSONObject {
    ["group_baseline": .bool(usesGroupBaseline), "loss": loss.json]
  }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    let returns =
      usesGroupBaseline
      ? AdvantageScheme.groupCentered.advantages(of: groups) : groups.flatMap(\.rewards)
    // Exactly 0 for equal rewards, whatever their computed mean.
    let deviation = standardDeviation(returns)
    let mean = returns.reduce(0, +) / Double(returns.count)
    let advantages = returns.map { deviation == 0 ? 0 : ($0 - mean) / (deviation + 1e-8) }
    return PolicyObjective(groups, space: .postTrain, advantages: advantages, loss)
  }
}
