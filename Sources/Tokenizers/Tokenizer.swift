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

  /// How a text between added tokens becomes tokens.
  private struct Pipeline: Sendable {
    let model: Model
    let normalizesToNFC: Bool
    /// Finds tokens in the normalized text.
    let matcher: AddedTokenMatcher

    init(_ model: Model, normalizesToNFC: Bool, _ ranked: [AddedToken]) {
      self.model = model
      self.normalizesToNFC = normalizesToNFC
      matcher = AddedTokenMatcher(
        ranked.filter(\.isNormalized).map { token in
          let bytes = Array(token.content.utf8)
          return (token, normalizesToNFC ? Normalizer.nfc(bytes) : bytes)
        })
    }

    func encode(_ part: [UInt8], into tokens: inout [Int32]) throws(TokenizerError) {
      let normalized = normalizesToNFC ? Normalizer.nfc(part) : part
      for piece in matcher.pieces(of: normalized) {
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
  }

  /// One more than the largest token id.
  public private(set) var vocabularySize: Int
  /// The tokens that are found before the text is split, in the order of the file.
  public private(set) var addedTokens: [AddedToken] = []

  /// The ids of the added tokens that are special.
  public var specialTokens: Set<Int32> { specialIDs }

  /// The special tokens around every text.
  let postProcessor: PostProcessor
  /// The number of words of the model, without added tokens.
  let wordCount: Int

  private var idOfToken: [[UInt8]: Int32] = [:]
  private var tokenOfID: [Int32: String] = [:]
  private var specialIDs: Set<Int32> = []
  /// The special tokens that decoding skips.
  private var skippedIDs: Set<Int32> = []
  /// Finds tokens in the original text.
  private var matcher = AddedTokenMatcher([])
  private var pipeline: Pipeline
  /// What transformers' class makes of the same vocabulary, if it splits text in another way.
  private var rebuilt: (pipeline: Pipeline, name: String)?

  init(
    model: Model, vocabulary: [(token: String, id: Int32)], addedTokens: [AddedToken],
    normalizesToNFC: Bool = false, postProcessor: PostProcessor = .absent
  ) {
    self.postProcessor = postProcessor
    wordCount = vocabulary.count
    pipeline = Pipeline(model, normalizesToNFC: normalizesToNFC, [])
    idOfToken.reserveCapacity(vocabulary.count + addedTokens.count)
    tokenOfID.reserveCapacity(vocabulary.count + addedTokens.count)
    vocabularySize = 0
    for (token, id) in vocabulary {
      idOfToken[Array(token.utf8)] = id
      tokenOfID[id] = token
      vocabularySize = max(vocabularySize, Int(id) + 1)
    }
    setAddedTokens(addedTokens)
  }

  /// Makes these the tokens that are found before the text is split.
  mutating func setAddedTokens(_ tokens: [AddedToken]) {
    addedTokens = tokens
    for token in tokens {
      idOfToken[Array(token.content.utf8)] = token.id
      tokenOfID[token.id] = token.content
      vocabularySize = max(vocabularySize, Int(token.id) + 1)
    }
    // As in Hugging Face's, what is looked for in normalized text is also written like that.
    for token in tokens where token.isNormalized && pipeline.normalizesToNFC {
      tokenOfID[token.id] = String(
        decoding: Normalizer.nfc(Array(token.content.utf8)), as: UTF8.self)
    }
    specialIDs = Set(tokens.filter(\.isSpecial).map(\.id))
    // As there, a special token that is written in another way is not skipped.
    skippedIDs = Set(
      tokens.filter { token in
        token.isSpecial
          && tokenOfID[token.id]?.utf8.elementsEqual(token.content.utf8) == true
      }.map(\.id))
    matcher = AddedTokenMatcher(
      rankedTokens.filter { !$0.isNormalized }.map { ($0, Array($0.content.utf8)) })
    pipeline = Pipeline(
      pipeline.model, normalizesToNFC: pipeline.normalizesToNFC, rankedTokens)
  }

  /// Remembers how transformers' class splits text, where the file says otherwise: texts whose tokens
  /// differ are refused.
  mutating func setClass(_ tokenizerClass: TokenizerClass, addsPrefixSpace: Bool) {
    guard case .bytePairEncoding(let model) = pipeline.model,
      let other = tokenizerClass.pipeline(model, addsPrefixSpace: addsPrefixSpace),
      other.normalizesToNFC != pipeline.normalizesToNFC || !other.model.splits(as: model)
    else { return }
    let pipeline = Pipeline(
      .bytePairEncoding(other.model), normalizesToNFC: other.normalizesToNFC, rankedTokens)
    rebuilt = (pipeline, tokenizerClass.rawValue)
  }

  /// If two normalized contents are equal, the special token takes precedence.
  private var rankedTokens: [AddedToken] {
    addedTokens.filter(\.isSpecial) + addedTokens.filter { !$0.isSpecial }
  }

  /// The token ids of a text, without special tokens around it; an empty text has none.
  ///
  /// - Throws: also where transformers' class for the folder disregards the file and makes other tokens.
  public func encode(_ text: String) throws(TokenizerError) -> [Int32] {
    let text = Array(text.utf8)
    let tokens = try encode(text, pipeline)
    if let rebuilt, try encode(text, rebuilt.pipeline) != tokens {
      throw TokenizerError(
        .unsupported,
        "transformers' \(rebuilt.name) makes other tokens of the text than tokenizer.json says "
          + "(expected ids, or a tokenizer_class that reads the file, such as "
          + "\"PreTrainedTokenizerFast\")")
    }
    return tokens
  }

  private func encode(_ text: [UInt8], _ pipeline: Pipeline) throws(TokenizerError) -> [Int32] {
    var tokens: [Int32] = []
    for piece in matcher.pieces(of: text) {
      if let token = piece.token {
        tokens.append(token)
      } else {
        let part = piece.range.count == text.count ? text : Array(text[piece.range])
        try pipeline.encode(part, into: &tokens)
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
      if skippingSpecialTokens, skippedIDs.contains(token) { continue }
      switch pipeline.model {
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
