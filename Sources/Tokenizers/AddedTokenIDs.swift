// The ids of added tokens.

/// Counts as `add_tokens` of Hugging Face's library does. It disregards the ids of files: a word of the
/// vocabulary keeps its id, and any other token gets the next one.
struct AddedTokenIDs {
  private var next: Int

  /// - Parameter wordCount: The number of words of the vocabulary, which ids follow even if it has
  ///   gaps.
  init(wordCount: Int) {
    next = wordCount
  }

  /// The id of a token that is added; `known` is the one that its text has already.
  mutating func id(known: Int32?) -> Int32 {
    let id = known ?? Int32(clamping: next)
    next = max(next, Int(id) + 1)
    return id
  }
}
