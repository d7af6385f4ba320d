// Messages before a chat template renders them.
import StrictJSON

/// The turns of a conversation with everything beside them that a chat template may read.
public struct Conversation: Sendable, Equatable {
  /// The turns in order, each with all of its fields: `role`, `content`, and others such as
  /// `tool_calls` or `reasoning_content`.
  public var messages: [JSONObject]
  /// The schemas of the tools that the model may call; nil for none.
  public var tools: JSON?
  /// Further variables of the template by name, such as `enable_thinking`.
  public var arguments: JSONObject

  /// A conversation.
  public init(messages: [JSONObject], tools: JSON? = nil, arguments: JSONObject = [:]) {
    self.messages = messages
    self.tools = tools
    self.arguments = arguments
  }

  /// A conversation of turns that have only a role and a text.
  public init(_ turns: (role: String, content: String)...) {
    self.init(messages: turns.map { ["role": .string($0.role), "content": .string($0.content)] })
  }
}
