// Text to token ids and back, by a Hugging Face `tokenizer.json`.

/// A word-level or byte-level BPE tokenizer: added tokens are found first, what is left is
/// normalized and encoded by the model.
///
/// Texts are neither truncated nor padded: `truncation` and `padding` of the file are ignored. Only
/// `encode(prompt:_:)` adds special tokens. Tokens are compared by their UTF-8 bytes, so both spellings
/// of "é" may be tokens.
public struct Tokenizer: Sendable {
  enum Model: Sendable {
    case wordLevel(WordLevel)
    case bytePairEncoding(BytePairEncoding)
  }

  /// One more than the largest token id.
  public let vocabularySize: Int
  /// The tokens that are found before the text is split, in the order of the file.
  public let addedTokens: [AddedToken]

  /// The ids of the added tokens that are special.
  public var specialTokens: Set<Int32> { specialIDs }

  /// The special tokens around every text.
  let postProcessor: PostProcessor

  private let model: Model
  private let normalizesToNFC: Bool
  private let idOfToken: [[UInt8]: Int32]
  private let tokenOfID: [Int32: String]
  private let specialIDs: Set<Int32>
  /// Find tokens in the original text and in the normalized text.
  private let matcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher

  init(
    model: Model, vocabulary: [(token: String, id: Int32)], addedTokens: [AddedToken],
    normalizesToNFC: Bool = false, postProcessor: PostProcessor = .absent
  ) {
    self.postProcessor = postProcessor
    self.model = model
    self.normalizesToNFC = normalizesToNFC
    self.addedTokens = addedTokens
    var idOfToken: [[UInt8]: Int32] = [:]
    var tokenOfID: [Int32: String] = [:]
    idOfToken.reserveCapacity(vocabulary.count + addedTokens.count)
    tokenOfID.reserveCapacity(vocabulary.count + addedTokens.count)
    for (token, id) in vocabulary + addedTokens.map({ ($0.content, $0.id) }) {
      idOfToken[Array(token.utf8)] = id
      tokenOfID[id] = token
    }
    // As in Hugging Face's, what is looked for in normalized text is also written like that.
    for token in addedTokens where token.isNormalized && normalizesToNFC {
      tokenOfID[token.id] = String(
        decoding: Normalizer.nfc(Array(token.content.utf8)), as: UTF8.self)
    }
    self.idOfToken = idOfToken
    self.tokenOfID = tokenOfID
    vocabularySize = Int(tokenOfID.keys.max() ?? -1) + 1
    specialIDs = Set(addedTokens.filter(\.isSpecial).map(\.id))
    // If two normalized contents are equal, the special token takes precedence.
    let ranked = addedTokens.filter(\.isSpecial) + addedTokens.filter { !$0.isSpecial }
    matcher = AddedTokenMatcher(
      ranked.filter { !$0.isNormalized }.map { ($0, Array($0.content.utf8)) })
    normalizedMatcher = AddedTokenMatcher(
      ranked.filter(\.isNormalized).map { token in
        let bytes = Array(token.content.utf8)
        return (token, normalizesToNFC ? Normalizer.nfc(bytes) : bytes)
      })
  }

  /// The token ids of a text, without special tokens around it; an empty text has none.
  public func encode(_ text: String) throws(TokenizerError) -> [Int32] {
    var tokens: [Int32] = []
    let text = Array(text.utf8)
    for piece in matcher.pieces(of: text) {
      if let token = piece.token {
        tokens.append(token)
        continue
      }
      let part = piece.range.count == text.count ? text : Array(text[piece.range])
      let normalized = normalizesToNFC ? Normalizer.nfc(part) : part
      for piece in normalizedMatcher.pieces(of: normalized) {
        if let token = piece.token {
          tokens.append(token)
          continue
        }
        switch model {
        case .wordLevel(let model):
          try model.encode(normalized, piece.range, into: &tokens)
        case .bytePairEncoding(let model):
          try model.encode(normalized, piece.range, into: &tokens)
        }
      }
    }
    return tokens
  }

  /// The text of the tokens, special tokens included unless skipped: words joined by single spaces,
  /// or the bytes of a byte-level vocabulary, where U+FFFD replaces each maximal prefix of an
  /// incomplete scalar.
  public func decode(
    _ tokens: [Int32], skippingSpecialTokens: Bool = false
  ) throws(TokenizerError) -> String {
    var bytes: [UInt8] = []
    var isFirst = true
    for (index, token) in tokens.enumerated() {
      guard let text = tokenOfID[token] else {
        throw TokenizerError(
          .unknownToken,
          "token \(index) is \(token) (expected an id of the vocabulary, below \(vocabularySize))")
      }
      if skippingSpecialTokens, specialIDs.contains(token) { continue }
      switch model {
      case .wordLevel:
        if !isFirst { bytes.append(0x20) }
        bytes.append(contentsOf: text.utf8)
      case .bytePairEncoding:
        // Added tokens too go through the alphabet, as in Hugging Face's.
        bytes.append(contentsOf: ByteAlphabet.bytes(of: text) ?? Array(text.utf8))
      }
      isFirst = false
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The id of a token given by its exact text in the file, special or not.
  public func id(of token: String) -> Int32? {
    idOfToken[Array(token.utf8)]
  }

  /// The text of a token id as the file has it, normalized where that is how it is looked for.
  public func token(of id: Int32) -> String? {
    tokenOfID[id]
  }
}
