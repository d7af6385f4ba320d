// A prompt before it is encoded.

/// A prompt as a file gives it.
public enum Prompt: Sendable, Hashable {
  /// Text that is passed to the tokenizer unchanged.
  case text(String)
  /// Messages that are rendered with a chat template first.
  case messages([ChatMessage])
}
