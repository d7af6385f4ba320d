// Drift only: the same advantage on every rollout, −1 or +1, so that rewards play no part.
//
// Not in the paper. In the post-train space the expected update is 0, E[∇ log π(y|x)] = 0 for
// y ~ π(·|x). In the pre-train space it is ∓∇ KL(π(·|x) ‖ π(·|n)) by the second argument: the push
// that one-sided updates carry whatever is right or wrong. A run of it shows how much of an effect
// that push explains.
import StrictJSON
import Tasks

/// A constant advantage in either space.
public struct Drift: Algorithm {
  public static let name = "drift"

  public var space: Space
  /// −1 or 1.
  public var constant: Int
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    space = try reader.choice("space")
    constant = try reader.int("constant_advantage", in: -1...1)
    guard constant != 0 else {
      throw JSONValueError(
        path: reader.path(of: "constant_advantage"), message: "0 (expected -1 or 1)")
    }
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool { false }

  public var json: JSONObject {
    [
      "space": .string(space.rawValue), "constant_advantage": .integer(constant),
      "loss": loss.json,
    ]
  }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    let advantages = groups.flatMap(\.rollouts).map { _ in Double(constant) }
    return PolicyObjective(groups, space: space, advantages: advantages, loss)
  }
}
