// The two attributes of an item.

/// An attribute that the assistant can ask for and the user can reveal.
public enum DeskAttribute: Int, Sendable, CaseIterable {
  case colour
  case size

  /// The number of values: four colours, three sizes.
  public var valueCount: Int { values.count }

  /// The token that asks for it.
  var token: Int32 { self == .colour ? DeskVocabulary.colour : DeskVocabulary.size }

  /// The tokens of its values.
  var values: Range<Int32> {
    self == .colour
      ? DeskVocabulary.firstColour..<DeskVocabulary.firstSize
      : DeskVocabulary.firstSize..<DeskVocabulary.firstItem
  }
}
