// A token that is found in the text before the text is split into words.

/// One of `added_tokens` of a tokenizer file.
public struct AddedToken: Sendable {
  /// The token id.
  public let id: Int32
  /// The text it stands for.
  public let content: String
  /// Whether it carries no text of its own, such as an end of sequence.
  public let isSpecial: Bool
  /// Whether it swallows the white space before it (`lstrip`).
  let stripsLeft: Bool
  /// Whether it swallows the white space behind it (`rstrip`).
  let stripsRight: Bool
  /// Whether it is found only where no word character touches it (`single_word`).
  let isSingleWord: Bool
  /// Whether its normalized content is looked for in the normalized text (`normalized`).
  let isNormalized: Bool
}
