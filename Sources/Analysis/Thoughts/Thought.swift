// One segment of a response and what it was counted as.

/// A thought; all places are UTF-8 bytes of the response.
public struct Thought: Sendable, Hashable {
  /// A place in `ThoughtLexicon.kindNames`.
  public let kind: Int
  /// The thought without the white space around it.
  public let range: Range<Int>
  /// The phrase that gave it its kind; nil for the default kind.
  public let match: Range<Int>?
}
