// W-REINFORCE: −1 on wrong rollouts, a small λ on right ones, after the prompt (Zhu et al.,
// RLVR-Decomposed, 2506.01347, section 5).
//
// No baseline: groups that are all right or all wrong count like any other.
// Differences from the paper: none while each batch is used once; with more updates a batch, the
// ratio is clipped.
// Differences from its code (a fork of verl): the denominator is that of the whole batch.
import StrictJSON
import Tasks

/// Weighted rewards without a baseline.
public struct WReinforce: Algorithm {
  public static let name = "w-reinforce"

  /// λ, the advantage of a right rollout.
  public var positiveWeight: Double
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    positiveWeight = try reader.optionalDouble("positive_weight", in: 0...1e6) ?? 0.1
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool { false }

  public var json: JSONObject { ["positive_weight": .real(positiveWeight), "loss": loss.json] }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    let advantages = AdvantageScheme.raw.advantages(of: groups).map {
      $0 > 0 ? positiveWeight : -1
    }
    return PolicyObjective(groups, space: .postTrain, advantages: advantages, loss)
  }
}
