// Text to token ids and back, by a Hugging Face `tokenizer.json`.
import StrictJSON

/// A word-level tokenizer: added tokens are found first, what is left is split at white space, and
/// every word is looked up. Byte-level BPE is refused by name until it is implemented.
///
/// No special tokens are added and nothing is cut off or padded: `truncation` and `padding` of the
/// file, which are settings of a call rather than of the vocabulary, are ignored. Words are
/// compared by their UTF-8 bytes, so both spellings of "é" may be tokens.
public struct Tokenizer: Sendable {
  /// One more than the largest token id.
  public let vocabularySize: Int
  /// The tokens that are found before the text is split, in the order of the file.
  public let addedTokens: [AddedToken]

  private let idOfWord: [[UInt8]: Int32]
  private let wordOfID: [Int32: String]
  /// What an unknown word becomes; nil where the vocabulary has no such token.
  private let unknownID: Int32?
  private let specialIDs: Set<Int32>
  private let matcher: AddedTokenMatcher

  init(
    words: [(word: String, id: Int32)], addedTokens: [AddedToken], unknownWord: String?
  ) {
    var idOfWord: [[UInt8]: Int32] = [:]
    var wordOfID: [Int32: String] = [:]
    for (word, id) in words {
      idOfWord[Array(word.utf8)] = id
      wordOfID[id] = word
    }
    unknownID = unknownWord.flatMap { idOfWord[Array($0.utf8)] }
    for token in addedTokens {
      idOfWord[Array(token.content.utf8)] = token.id
      wordOfID[token.id] = token.content
    }
    self.idOfWord = idOfWord
    self.wordOfID = wordOfID
    self.addedTokens = addedTokens
    vocabularySize = Int(wordOfID.keys.max() ?? -1) + 1
    specialIDs = Set(addedTokens.filter(\.isSpecial).map(\.id))
    matcher = AddedTokenMatcher(addedTokens)
  }

  /// The token ids of a text, without special tokens around it; an empty text has none.
  public func encode(_ text: String) throws(TokenizerError) -> [Int32] {
    let bytes = Array(text.utf8)
    var tokens: [Int32] = []
    var start = 0
    while true {
      let match = matcher.firstMatch(in: bytes, from: start)
      try encodeWords(bytes[start..<(match?.range.lowerBound ?? bytes.count)], &tokens)
      guard let match else { return tokens }
      tokens.append(match.id)
      start = match.range.upperBound
    }
  }

  /// The words of the tokens joined by single spaces, special tokens included unless skipped.
  public func decode(
    _ tokens: [Int32], skippingSpecialTokens: Bool = false
  ) throws(TokenizerError) -> String {
    var words: [String] = []
    words.reserveCapacity(tokens.count)
    for (index, token) in tokens.enumerated() {
      guard let word = wordOfID[token] else {
        throw TokenizerError(
          .unknownToken,
          "token \(index) is \(token) (expected an id of the vocabulary, below \(vocabularySize))")
      }
      if skippingSpecialTokens, specialIDs.contains(token) { continue }
      words.append(word)
    }
    return words.joined(separator: " ")
  }

  /// The id of a token given by its exact text, special or not.
  public func id(of token: String) -> Int32? {
    idOfWord[Array(token.utf8)]
  }

  /// The text of a token id.
  public func token(of id: Int32) -> String? {
    wordOfID[id]
  }

  private func encodeWords(
    _ bytes: ArraySlice<UInt8>, _ tokens: inout [Int32]
  ) throws(TokenizerError) {
    // The slice lies between matches of whole tokens, hence on scalar boundaries.
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    for word in scalars.split(whereSeparator: \.properties.isWhitespace) {
      let word = String(word)
      guard let id = idOfWord[Array(word.utf8)] ?? unknownID else {
        throw TokenizerError(
          .unknownWord,
          "the word \(JSON.string(word).summary) (expected words of the vocabulary, "
            + "which has no token for unknown ones)")
      }
      tokens.append(id)
    }
  }
}
