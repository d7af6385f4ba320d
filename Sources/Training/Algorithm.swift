// What an algorithm is: settings, and the way from scored rollouts to an objective.
import StrictJSON

/// One algorithm, in a file of its own.
///
/// Mechanisms are shared (advantage schemes, the clipped surrogate, aggregation, AdamW); an algorithm
/// says which of them it uses, on which rollouts, in which space.
public protocol Algorithm: Sendable {
  /// What `algorithm` of a configuration calls it.
  static var name: String { get }

  /// Reads the algorithm's own keys; absent ones are the preset's.
  ///
  /// - Parameter steps: Steps of the run, for settings that count them.
  /// - Throws: `JSONValueError` naming an out-of-range key.
  init(reading reader: inout JSONReader, preset: Preset, steps: Int) throws(JSONValueError)

  /// The settings of its loss.
  var loss: LossSettings { get }

  /// Whether advantages compare the rollouts of a group, which then needs two.
  var usesGroupBaseline: Bool { get }

  /// The algorithm's own keys as they are read.
  var json: JSONObject { get }

  /// The objective of a step, counted from 1: which rollouts count how much, token by token.
  func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective
}

/// The algorithms by name.
public enum Algorithms {
  public static let all: [any Algorithm.Type] = [
    GRPO.self, PreRL.self, NSRPreRL.self, PSRPreRL.self, NSRRL.self, PSRRL.self, WReinforce.self,
    ReinforcePlusPlus.self, DSRL.self, Drift.self, Unlikelihood.self,
  ]
}

extension JSONReader {
  /// An advantage scheme by its name.
  mutating func advantage(
    _ key: String = "advantage", default scheme: AdvantageScheme
  ) throws(JSONValueError) -> AdvantageScheme {
    let names = AdvantageScheme.allCases.map(\.rawValue)
    guard let name = try optionalString(key, oneOf: names) else { return scheme }
    return AdvantageScheme(rawValue: name) ?? scheme
  }

  /// A factor of the loss.
  mutating func coefficient(
    _ key: String = "coefficient", default value: Double
  ) throws(JSONValueError) -> Double {
    try optionalDouble(key, in: 1e-6...1e6) ?? value
  }
}
