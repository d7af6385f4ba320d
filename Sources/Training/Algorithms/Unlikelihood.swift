// Unlikelihood of right answers: advantage −1 on every right response, nothing on the wrong ones.
//
// Not in the paper. It pushes away exactly what NSR keeps. Where NSR and this move a statistic in one
// direction, pushing text away moves it, not pushing wrong text away (Welleck et al., Neural Text
// Generation with Unlikelihood Training, 1908.04319, has the name; the loss here is the plain one).
import StrictJSON
import Tasks

/// Right responses pushed away, in either space.
public struct Unlikelihood: Algorithm {
  public static let name = "unlikelihood"

  public var space: Space
  public var loss: LossSettings

  public init(
    reading reader: inout JSONReader, for run: RunOutline
  ) throws(JSONValueError) {
    space = try reader.choice("space")
    loss = try LossSettings(reading: &reader, for: run)
  }

  public var usesGroupBaseline: Bool { false }

  public var json: JSONObject { ["space": .string(space.rawValue), "loss": loss.json] }

  public func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective {
    let advantages = groups.flatMap(\.rollouts).map { $0.reward >= 1 ? -1.0 : 0 }
    return PolicyObjective(
      groups, space: space, advantages: advantages, keeping: { $0 < 0 }, loss)
  }
}
