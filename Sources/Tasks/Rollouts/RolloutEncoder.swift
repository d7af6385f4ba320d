// Encodes text as token ids if a file has no ids. This module does not depend on a tokenizer.

/// Encodes the text fields of rollouts.
public protocol RolloutEncoder: Sendable {
  /// The tokens of a prompt as the model saw them, with the special tokens of a template.
  func encode(prompt: Prompt) throws -> [Int32]
  /// The tokens of a response.
  func encode(response: String) throws -> [Int32]
}
