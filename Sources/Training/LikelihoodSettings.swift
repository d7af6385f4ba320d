// The key `likelihood` of a configuration: what a policy is also trained to predict.
import StrictJSON

/// A second objective beside the reward: the log-likelihood of others' turns in logged conversations.
///
///   loss = policy loss − coefficient · mean over others' tokens of log π(token | conversation so far)
///
/// With it one model learns to answer and to foresee what it is answered.
public struct LikelihoodSettings: Sendable, Hashable {
  /// Factor of the mean log-likelihood of a token, in nats.
  public var coefficient: Double
  /// Conversations of an update.
  public var conversations: Int
  /// How many logged conversations there are; each update draws from them.
  public var loggedConversations: Int

  public init(
    coefficient: Double = 1, conversations: Int = 64, loggedConversations: Int = 100_000
  ) {
    self.coefficient = coefficient
    self.conversations = conversations
    self.loggedConversations = loggedConversations
  }

  /// Reads `coefficient`, `conversations_per_update` and `logged_conversations` of the object `likelihood`; nil without
  /// the key.
  ///
  /// - Throws: `JSONValueError` naming an unknown or out-of-range key.
  init?(reading reader: inout JSONReader) throws(JSONValueError) {
    guard var object = try reader.optionalObject("likelihood") else { return nil }
    self.init()
    coefficient = try object.optionalDouble("coefficient", in: 1e-9...1e9) ?? coefficient
    conversations =
      try object.optionalInt("conversations_per_update", in: 1...65_536) ?? conversations
    loggedConversations =
      try object.optionalInt("logged_conversations", in: 1...1 << 40) ?? loggedConversations
    try object.finish()
  }

  /// The settings as they are read.
  var json: JSON {
    [
      "coefficient": .real(coefficient), "conversations_per_update": .integer(conversations),
      "logged_conversations": .integer(loggedConversations),
    ]
  }
}
