// NSR-PreRL: negative sample reinforcement in the pre-train space (arXiv:2604.14142), DSRL's warm-up.
//
// Differences from PreRL: only rollouts of negative advantage take part, in the sum and in its
// denominator. A group that is all wrong has advantage 0 and takes no part either, unless
// `advantage` is `raw`.
// Differences from the paper's code: the denominator is the number of negative tokens of the batch,
// there of the micro-batch.
import StrictJSON
import Tasks

/// Only negative advantages, after the null context.
public struct NSRPreRL: Algorithm {
  public static let name = "nsr-prerl"

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
      groups, space: .preTrain, advantages: advantage.advantages(of: groups), keeping: { $0 < 0 },
      coefficient: coefficient, loss)
  }
}
