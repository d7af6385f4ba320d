// The user's mood.

/// The hidden mood of a user, which says how easily the user leaves.
public enum DeskMood: Int, Sendable, CaseIterable {
  case calm
  case hurried

  /// The word that opens most dialogues of this mood: `please` or `quick`.
  var token: Int32 { self == .calm ? DeskVocabulary.please : DeskVocabulary.quick }
}
