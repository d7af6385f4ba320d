// A token that is found in the text before the text is split into words.

/// One of `added_tokens` of a tokenizer file.
public struct AddedToken: Sendable {
  /// The token id.
  public let id: Int32
  /// The text it stands for.
  public let content: String
  /// Whether it carries no text of its own, such as an end of sequence.
  public let isSpecial: Bool
}
