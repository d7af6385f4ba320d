// The properties of a model that a task needs.

/// The properties of a model that a task needs. This module depends on no model and no tokenizer.
public protocol TaskPlayer: RolloutEncoder {
  /// The name in errors, such as the checkpoint's folder.
  var name: String { get }
  /// The number of token ids.
  var vocabularySize: Int { get }
  /// The largest number of tokens of prompt and response together.
  var maximumPositions: Int { get }
  /// The token that opens a text (`bos`), if the model has one.
  var startToken: Int32? { get }
  /// Token ids without text, and end tokens.
  var specialTokens: Set<Int32> { get }

  /// The tokens of a prompt.
  func text(of prompt: Prompt) throws -> String
  /// The text of a response; nil without a tokenizer.
  func text(ofResponse tokens: [Int32]) -> String?

  /// What stands around turns.
  ///
  /// - Throws: An error whose description says why the player has no such marks.
  func turnMarks() throws -> TurnMarks
  /// A conversation in tokens that these marks divide.
  ///
  /// - Parameter conversation: After its first answer the user and the assistant take turns.
  func turns(of conversation: Conversation) throws -> ConversationTurns
}
