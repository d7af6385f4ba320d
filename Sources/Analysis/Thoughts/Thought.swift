// One segment of a response and what it was counted as.

/// A thought; all positions are UTF-8 bytes of the response.
public struct Thought: Sendable, Hashable {
  /// An index into `ThoughtLexicon.kindNames`.
  public let kind: Int
  /// The thought without the white space around it.
  public let range: Range<Int>
  /// The phrase that determined its kind; nil for the default kind.
  public let match: Range<Int>?
}
