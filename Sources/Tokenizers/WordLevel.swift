// The model whose tokens are whole words.
import StrictJSON

/// Splits at white space and looks every word up.
struct WordLevel: Sendable {
  /// Ids by the words' bytes.
  let vocabulary: [[UInt8]: Int32]
  /// The token of unknown words; nil if the vocabulary has none.
  let unknownID: Int32?

  /// Appends the tokens of a part of a text, which starts and ends between scalars.
  func encode(
    _ text: [UInt8], _ range: Range<Int>, into tokens: inout [Int32]
  ) throws(TokenizerError) {
    let scalars = String(decoding: text[range], as: UTF8.self).unicodeScalars
    for word in scalars.split(whereSeparator: \.properties.isWhitespace) {
      let word = String(word)
      guard let id = vocabulary[Array(word.utf8)] ?? unknownID else {
        throw TokenizerError(
          .unknownWord,
          "the word \(JSON.string(word).summary) (expected words of the vocabulary, "
            + "which has no token for unknown ones)")
      }
      tokens.append(id)
    }
  }
}
