// What a model is asked, before it is tokens.

/// A prompt as a file gives it.
public enum Prompt: Sendable, Hashable {
  /// Text that goes to the tokenizer as it is.
  case text(String)
  /// Turns that go through a chat template first.
  case messages([ChatMessage])
}
