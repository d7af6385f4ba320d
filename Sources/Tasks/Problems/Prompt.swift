// A prompt before it is encoded.

/// A prompt as a file gives it.
public enum Prompt: Sendable, Equatable {
  /// Text that the model saw as it is.
  case text(String)
  /// Text that was decoded from the tokens that the model saw, perhaps without special tokens.
  case decoded(String)
  /// Messages that are rendered with a chat template first.
  case messages(Conversation)
}
