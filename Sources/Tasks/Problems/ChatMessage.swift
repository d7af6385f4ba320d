// One turn of a conversation.

/// A role and its text. A chat template renders a list of messages as text.
public struct ChatMessage: Sendable, Hashable {
  /// The role: `system`, `user`, `assistant` or another one that the template supports.
  public let role: String
  /// The text.
  public let content: String

  /// A turn.
  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}
