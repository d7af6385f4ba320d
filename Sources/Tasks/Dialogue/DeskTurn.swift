// An exchange of assistant and user.

/// What the assistant did and what the user replied.
public struct DeskTurn: Sendable, Hashable {
  public var action: DeskAction
  public var reply: DeskReply

  public init(_ action: DeskAction, _ reply: DeskReply) {
    self.action = action
    self.reply = reply
  }
}
