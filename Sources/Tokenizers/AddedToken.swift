// A token that is found in the text before the text is split into words.

/// One of `added_tokens` of a tokenizer file.
public struct AddedToken: Sendable {
  /// The token id.
  public let id: Int32
  /// The text it stands for.
  public let content: String
  /// Whether it is special and has no text, such as an end of sequence.
  public internal(set) var isSpecial: Bool
  /// Whether it absorbs the white space before it (`lstrip`).
  let stripsLeft: Bool
  /// Whether it absorbs the white space after it (`rstrip`).
  let stripsRight: Bool
  /// Whether it is found only without adjacent word characters (`single_word`).
  let isSingleWord: Bool
  /// Whether its normalized content is looked for in the normalized text (`normalized`).
  let isNormalized: Bool
}
