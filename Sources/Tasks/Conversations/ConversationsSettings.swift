// Conversations of a file: `"task": {"name": "conversations", "conversations": "chats.jsonl"}`.
import StrictJSON

/// The settings of the task that trains any chat model on a user's conversations.
///
/// The policy answers as the assistant, models play the user (`imagination`), and reward models judge what comes of it.
public struct ConversationsSettings: FileTaskSettings {
  public static let name = "conversations"

  /// The JSONL file of the conversations (see `ConversationReader`).
  public var conversations: String
  /// Where the conversations of evaluation come from.
  public var evaluation: HeldOutSource
  /// The most tokens of an answer of the policy, its end included.
  public var maximumTurnLength: Int
  /// The most tokens of what a user says, its end included.
  public var maximumUserTurnLength: Int

  /// Reads `conversations`, `held_out` or `held_out_share` (0.1), `max_turn_tokens` and `max_user_turn_tokens` (128).
  public init(reading task: inout JSONReader) throws(JSONValueError) {
    conversations = try task.text("conversations", expected: "a file")
    evaluation = try HeldOutSource(reading: &task, noun: "conversations")
    maximumTurnLength = try task.optionalInt("max_turn_tokens", in: 2...1 << 20) ?? 128
    maximumUserTurnLength = try task.optionalInt("max_user_turn_tokens", in: 2...1 << 20) ?? 128
  }

  public var json: JSON? {
    var object: JSONObject = [
      "name": .string(Self.name), "conversations": .string(conversations),
    ]
    evaluation.write(to: &object)
    object["max_turn_tokens"] = .integer(maximumTurnLength)
    object["max_user_turn_tokens"] = .integer(maximumUserTurnLength)
    return .object(object)
  }

  public var defaultResponseLength: Int { 512 }

  /// Reads the files in the model's tokens.
  ///
  /// - Throws: `TaskFileError` for a model whose chat template has no marks between turns, and with the line for
  ///   everything that `ConversationReader` refuses, and for a conversation that is too long.
  public func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask {
    let marks: TurnMarks
    do {
      marks = try player.turnMarks()
    } catch {
      throw TaskFileError(
        "the task \(Self.name) needs marks between turns: \(error)", path: player.name)
    }
    let reader = ConversationReader(
      player: player, marks: marks, maximumNewTokens: maximumNewTokens)
    let parts = try evaluation.load(
      conversations, in: folder, noun: "conversations", key: "task.held_out",
      cluster: \.opening.cluster, read: reader.read)
    return ConversationsTask(
      training: parts.training, heldOut: parts.heldOut,
      FileProblems(
        training: parts.training.map(\.opening), heldOut: parts.heldOut.map(\.opening),
        files: parts.files, player: player),
      marks: marks, self)
  }
}
