// One turn of a conversation.

/// Who speaks and what is said; a chat template turns a list of them into text.
public struct ChatMessage: Sendable, Hashable {
  /// The speaker: `system`, `user`, `assistant` or what else the template knows.
  public let role: String
  /// What is said.
  public let content: String

  /// A turn.
  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}
