// A cache of the words of a text that have been encoded.

/// A table of fixed size from words to tokens, stored as ranges of the current text and tokens.
/// Nothing is copied, and a word that hashes to an occupied slot replaces its entry.
struct WordCache {
  private var entries: [(word: Range<Int>, tokens: Range<Int>)]

  private static let maximumSize = 1 << 16
  /// Longer words rarely repeat.
  private static let maximumLength = 64

  init(textLength: Int) {
    var size = 64
    while size < Self.maximumSize, size < textLength / 4 { size *= 2 }
    entries = .init(repeating: (0..<0, 0..<0), count: size)
  }

  /// The slot of the word; nil if it is too long to be cached.
  @inline(__always)
  func slot(of word: Range<Int>, in text: [UInt8]) -> Int? {
    guard word.count <= Self.maximumLength else { return nil }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for index in word { hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (entries.count - 1)
  }

  /// The tokens of the word, if it is the one in the slot.
  @inline(__always)
  func tokens(of word: Range<Int>, in text: [UInt8], slot: Int?) -> Range<Int>? {
    guard let slot else { return nil }
    let entry = entries[slot]
    guard entry.word.count == word.count else { return nil }
    for offset in 0..<word.count
    where text[entry.word.lowerBound + offset] != text[word.lowerBound + offset] {
      return nil
    }
    return entry.tokens
  }

  @inline(__always)
  mutating func remember(_ word: Range<Int>, _ tokens: Range<Int>, slot: Int?) {
    if let slot { entries[slot] = (word, tokens) }
  }
}
