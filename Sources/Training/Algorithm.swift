// What an algorithm is: settings, and the way from scored rollouts to an objective.
import StrictJSON
import Tasks

/// One algorithm, in a file of its own.
///
/// Mechanisms are shared (advantage schemes, losses, aggregation, AdamW); an algorithm says which of them
/// it uses, on which rollouts, in which space. To add one: a file in Algorithms/ and a line in
/// `Algorithms.all`, and for a loss of its own a file in Losses/.
public protocol Algorithm: Sendable {
  /// What `algorithm` of a configuration calls it.
  static var name: String { get }

  /// Reads the algorithm's own keys; absent ones are the preset's.
  ///
  /// - Throws: `JSONValueError` naming an out-of-range key.
  init(reading reader: inout JSONReader, for run: RunOutline) throws(JSONValueError)

  /// Its loss with its settings.
  var loss: LossSettings { get }

  /// Its presets; the standard one is `matched`.
  static var presets: [Preset] { get }

  /// What it reports in addition to what every run reports; its loss's metrics come first.
  var metrics: [LossMetric] { get }

  /// Whether it needs the policy that training started from.
  var usesReference: Bool { get }

  /// Whether it samples responses again from their middle, which conversations do not support.
  var continuesResponses: Bool { get }

  /// Whether rewards depend on the steps of responses, which not every task can tell.
  var usesSteps: Bool { get }

  /// Whether advantages compare the rollouts of a group, which then needs two.
  var usesGroupBaseline: Bool { get }

  /// The algorithm's own keys as they are read.
  var json: JSONObject { get }

  /// The objective of a step, counted from 1: which rollouts count how much, token by token.
  func objective(of groups: [RolloutGroup], step: Int) -> PolicyObjective
}

extension Algorithm {
  public static var presets: [Preset] { Preset.ofSpaces }
  public var metrics: [LossMetric] { type(of: loss.loss).metrics }
  public var continuesResponses: Bool { false }
  public var usesSteps: Bool { false }
  public var usesReference: Bool { loss.loss.usesReference }
}

/// What an algorithm's keys and their defaults depend on.
public struct RunOutline: Sendable {
  public var preset: Preset
  /// Steps of the run, for settings that count them.
  public var steps: Int
  public var task: any TaskSettings

  public init(preset: Preset = .matched, steps: Int, task: any TaskSettings = BuiltInTasks.standard)
  {
    self.preset = preset
    self.steps = steps
    self.task = task
  }
}

/// The algorithms by name.
public enum Algorithms {
  public static let all: [any Algorithm.Type] = [
    GRPO.self, PreRL.self, NSRPreRL.self, PSRPreRL.self, NSRRL.self, PSRRL.self, WReinforce.self,
    ReinforcePlusPlus.self, DSRL.self, Drift.self, Unlikelihood.self, PPO.self,
  ]
}

extension JSONReader {
  /// The spelling of a key that the object has: the documented one, or an older one that is still
  /// read.
  ///
  /// - Throws: `JSONValueError` where both are there.
  func spelling(_ key: String, formerly old: String?) throws(JSONValueError) -> String {
    guard let old, contains(old) else { return key }
    guard !contains(key) else {
      throw JSONValueError(
        path: path(of: old), message: "with \(key) (expected only one: they are the same key)")
    }
    return old
  }
}
