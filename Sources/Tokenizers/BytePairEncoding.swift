// Byte-level BPE: words are split into bytes, and the adjacent pair of the lowest rank merges
// first.

/// The model of GPT-2, Qwen and Llama 3 (Sennrich, Haddow, Birch 2016; Radford et al. 2019).
struct BytePairEncoding: Sendable {
  /// The result of merging two adjacent tokens, and its rank.
  struct Merge: Sendable {
    let rank: UInt32
    let token: Int32
  }

  /// How digits are split off before words are found.
  let digits: DigitSplit
  /// How text is split into words.
  let pattern: SplitPattern
  /// Whether a text that does not start with a space gets one (`add_prefix_space`).
  let addsPrefixSpace: Bool
  /// The token of each byte, or -1 if the vocabulary has none.
  let tokenOfByte: [Int32]
  /// Merges by the left token's id in the upper and the right one's in the lower 32 bits.
  let merges: [UInt64: Merge]
  /// Whole words that are tokens before any merge is tried (`ignore_merges`), by their bytes.
  let wholeWords: [[UInt8]: Int32]

  static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Whether another model of the same vocabulary splits every text in the same way.
  func splits(as other: BytePairEncoding) -> Bool {
    digits == other.digits && pattern == other.pattern
      && addsPrefixSpace == other.addsPrefixSpace && wholeWords.isEmpty == other.wholeWords.isEmpty
  }

  /// Appends the tokens of a part of a text, which starts and ends between scalars.
  ///
  /// - Complexity: O(n log n) in the length of the longest word, O(n) in the number of words.
  func encode(
    _ text: [UInt8], _ range: Range<Int>, into tokens: inout [Int32]
  ) throws(TokenizerError) {
    if addsPrefixSpace, text[range.lowerBound] != 0x20 {
      let spaced = [0x20] + text[range]
      return try encodeWords(spaced, spaced.indices, into: &tokens)
    }
    try encodeWords(text, range, into: &tokens)
  }

  private func encodeWords(
    _ text: [UInt8], _ range: Range<Int>, into tokens: inout [Int32]
  ) throws(TokenizerError) {
    var cache = WordCache(textLength: range.count)
    var merger = PairMerger()
    var start = range.lowerBound
    var textEnd = start
    while start < range.upperBound {
      if start == textEnd { textEnd = digits.textEnd(in: text, from: start, to: range.upperBound) }
      let word = start..<pattern.wordEnd(in: text, from: start, to: textEnd)
      start = word.upperBound
      let slot = cache.slot(of: word, in: text)
      if let known = cache.tokens(of: word, in: text, slot: slot) {
        for index in known { tokens.append(tokens[index]) }
        continue
      }
      let first = tokens.count
      try encode(word: word, of: text, &merger, into: &tokens)
      cache.remember(word, first..<tokens.count, slot: slot)
    }
  }

  private func encode(
    word: Range<Int>, of text: [UInt8], _ merger: inout PairMerger, into tokens: inout [Int32]
  ) throws(TokenizerError) {
    if !wholeWords.isEmpty, let token = wholeWords[Array(text[word])] {
      tokens.append(token)
      return
    }
    merger.removeAll()
    for byte in text[word] {
      let token = tokenOfByte[Int(byte)]
      guard token >= 0 else {
        throw TokenizerError(
          .unknownWord,
          "the byte \(byte) (expected bytes of the vocabulary, which lacks a token for this one)")
      }
      merger.append(token)
    }
    merger.merge(by: merges)
    merger.append(to: &tokens)
  }
}
