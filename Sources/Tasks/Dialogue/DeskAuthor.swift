// Who writes a token of a dialogue.

/// Where a token of a dialogue comes from. A loss chooses its tokens by this.
public enum DeskAuthor: String, Sendable, CaseIterable {
  /// The system turn, `<bos>`, `<eos>` and the roles. No model ever samples them.
  case forced
  /// What follows `<user>`, up to and including `<end>`: the tokens of a model of the user.
  case user
  /// What follows `<assistant>`, up to and including `<end>`: the tokens of a policy.
  case assistant
}
