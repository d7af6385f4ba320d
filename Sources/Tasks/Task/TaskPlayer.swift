// A model as a task sees it.

/// What a task has to know about the model that plays it; this module knows no model and no tokenizer.
public protocol TaskPlayer: RolloutEncoder {
  /// How errors call it, such as the checkpoint's folder.
  var name: String { get }
  /// The number of token ids.
  var vocabularySize: Int { get }
  /// The most tokens of prompt and response together.
  var maximumPositions: Int { get }
  /// The token that opens a text (`bos`), where the model has one.
  var startToken: Int32? { get }
  /// Token ids that stand for no text, and end tokens.
  var specialTokens: Set<Int32> { get }

  /// What the model reads as a prompt, before it is tokens.
  func text(of prompt: Prompt) throws -> String
  /// The text of a response; nil without a tokenizer.
  func text(ofResponse tokens: [Int32]) -> String?
}
