// The key `imagination` of a configuration: conversations with an imagined environment.
import KeyedRandom
import StrictJSON
import Tasks

/// Part of a step's conversations are had with a model that plays the environment, as in Dyna.
public struct ImaginationSettings: Sendable, Hashable {
  /// Who answers in imagined conversations.
  public enum WorldModel: String, Sendable, CaseIterable {
    /// The task's environment. From openings this is ordinary training.
    case exact
    /// A model's samples: the policy itself as it stands, or the frozen models that a run is given.
    case learned
    /// The same models' likeliest tokens.
    case argmax

    /// Whether a model answers.
    public var isLearned: Bool { self != .exact }
  }

  /// Where imagined conversations begin.
  public enum Start: String, Sendable, CaseIterable {
    /// Where real ones do.
    case openings
    /// At a turn of the policy in a logged conversation.
    case logged
  }

  public var worldModel = WorldModel.learned
  public var start = Start.openings
  /// The share of a step's problems whose conversations are imagined.
  public var share = 1.0
  /// The most answers that are imagined in a conversation, k; it is then cut off behind the policy's turn. nil: as many
  /// as there are.
  public var answers: Int?
  /// How many logged conversations there are to begin in.
  public var loggedConversations = 100_000
  /// What each nat of disagreement among several models costs.
  public var disagreementPenalty = 0.0
  /// Nats of disagreement on an answer from which on it is not believed: the conversation is cut off before it.
  public var disagreementLimit: Double?

  public init() {}

  /// Reads the object `imagination`; nil without the key.
  ///
  /// - Throws: `JSONValueError` naming an unknown or out-of-range key.
  init?(reading reader: inout JSONReader) throws(JSONValueError) {
    guard var object = try reader.optionalObject("imagination") else { return nil }
    worldModel = try object.optionalChoice("world_model") ?? worldModel
    start = try object.optionalChoice("start") ?? start
    share = try object.optionalDouble("share", in: 0...1) ?? share
    answers = try object.optionalInt("imagined_turns", in: 0...1_000)
    if start == .logged {
      loggedConversations =
        try object.optionalInt("logged_conversations", in: 1...1 << 40) ?? loggedConversations
    } else {
      try object.refuse(["logged_conversations"], without: "start \"logged\"")
    }
    if worldModel.isLearned {
      disagreementPenalty =
        try object.optionalDouble("disagreement_penalty", in: 0...1e6) ?? disagreementPenalty
      disagreementLimit = try object.optionalDouble("disagreement_limit", in: 0...1e6)
    } else {
      try object.refuse(
        ["disagreement_penalty", "disagreement_limit"],
        without: "world_model \"learned\" or \"argmax\"")
    }
    try object.finish()
  }

  /// The settings as they are read.
  var json: JSON {
    var object: JSONObject = [
      "world_model": .string(worldModel.rawValue), "start": .string(start.rawValue),
      "share": .real(share), "imagined_turns": answers.map { .integer($0) } ?? .null,
    ]
    if start == .logged { object["logged_conversations"] = .integer(loggedConversations) }
    if worldModel.isLearned {
      object["disagreement_penalty"] = .real(disagreementPenalty)
      object["disagreement_limit"] = disagreementLimit.map { .real($0) } ?? .null
    }
    return .object(object)
  }

  /// Whether it asks how much models disagree, which takes several.
  public var usesDisagreement: Bool { disagreementPenalty > 0 || disagreementLimit != nil }

  /// How many of a step's problems are imagined, the first ones.
  func count(of problems: Int) -> Int { Int((share * Double(problems)).rounded()) }

  /// The beginning of an imagined conversation in a logged one.
  func beginning(of task: any ImaginableTask, key: RandomKey) -> TaskProblem {
    var generator = key.generator()
    return task.loggedBeginning(
      generator.uniform(below: loggedConversations), key: key.derive("turn"))
  }
}
