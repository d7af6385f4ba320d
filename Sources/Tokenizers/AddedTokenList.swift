// The added tokens of a tokenizer while further ones are added.

/// Adds tokens as transformers 5 does when it loads a folder.
struct AddedTokenList {
  private(set) var tokens: [AddedToken]

  private let tokenizer: Tokenizer
  /// Whether the class makes the vocabulary anew, so that flags of `tokenizer.json` never counted.
  private let isRebuilt: Bool
  private var ids: AddedTokenIDs
  private var indexOfContent: [[UInt8]: Int] = [:]
  /// The texts that `tokenizer.json` or a list of added tokens has.
  private var listed: Set<[UInt8]> = []

  init(_ tokenizer: Tokenizer, isRebuilt: Bool) {
    self.tokenizer = tokenizer
    self.isRebuilt = isRebuilt
    tokens = tokenizer.addedTokens
    ids = AddedTokenIDs(wordCount: tokenizer.wordCount)
    for (index, token) in tokens.enumerated() {
      indexOfContent[Array(token.content.utf8)] = index
      _ = ids.id(known: token.id)
    }
    listed = Set(indexOfContent.keys)
  }

  /// A class that makes the vocabulary anew takes no other added tokens than those that are listed.
  func requireAll(
    in listed: [TokenDescription], _ className: String
  ) throws(TokenizerError) {
    let listed = Set(listed.map { Array($0.content.utf8) })
    guard let missing = tokens.first(where: { !listed.contains(Array($0.content.utf8)) }) else {
      return
    }
    throw TokenizerError(
      .unsupported,
      "added_tokens_decoder lacks \(quoted(missing.content)) of tokenizer.json, which transformers' "
        + "\(className) then does not know (expected all added tokens)")
  }

  /// Adds a token that a file lists with its id.
  ///
  /// - Parameter replacesFlags: Whether its flags count over those of `tokenizer.json`.
  mutating func add(
    _ token: TokenDescription, id: Int32, replacesFlags: Bool
  ) throws(TokenizerError) {
    let key = Array(token.content.utf8)
    listed.insert(key)
    let given: Int32
    if let index = indexOfContent[key] {
      given = tokens[index].id
      if replacesFlags { replace(index, token, staysSpecial: !isRebuilt) }
    } else {
      given = try append(token)
    }
    guard given == id else {
      throw TokenizerError(
        .unsupported,
        "the added token \(quoted(token.content)) has the id \(id) (expected \(given), which it gets "
          + "with tokenizer.json)")
    }
  }

  /// Adds a special token with a name. One that is listed becomes special, any other one has the flags
  /// with which it was named last.
  mutating func add(special token: TokenDescription) throws(TokenizerError) {
    let key = Array(token.content.utf8)
    if listed.contains(key), let index = indexOfContent[key] {
      tokens[index].isSpecial = true
    } else {
      try set(token)
    }
  }

  /// Adds a token without a name unless it is listed; special if it has a name too.
  mutating func add(_ token: TokenDescription, isNamed: Bool) throws(TokenizerError) {
    guard !listed.contains(Array(token.content.utf8)) else { return }
    var token = token
    if isNamed { token.isSpecial = true }
    try set(token)
  }

  private mutating func set(_ token: TokenDescription) throws(TokenizerError) {
    if let index = indexOfContent[Array(token.content.utf8)] {
      replace(index, token, staysSpecial: true)
    } else {
      _ = try append(token)
    }
  }

  /// Gives a token other flags. In Hugging Face's library what is special once stays special.
  private mutating func replace(_ index: Int, _ token: TokenDescription, staysSpecial: Bool) {
    let wasSpecial = tokens[index].isSpecial
    tokens[index] = AddedToken(id: tokens[index].id, token)
    if staysSpecial, wasSpecial { tokens[index].isSpecial = true }
  }

  /// Gives tokens the flags of special ones that are nothing but a text.
  mutating func resetFlags(of special: [TokenDescription]) {
    for token in special {
      guard let index = indexOfContent[Array(token.content.utf8)] else { continue }
      tokens[index] = AddedToken(id: tokens[index].id, TokenDescription(token.content))
    }
  }

  private mutating func append(_ token: TokenDescription) throws(TokenizerError) -> Int32 {
    let known = tokenizer.id(of: token.content)
    let spelling = Normalizer.nfc(Array(token.content.utf8))
    if let other = tokens.first(where: { other in
      (other.isNormalized || token.isNormalized)
        && Normalizer.nfc(Array(other.content.utf8)) == spelling
    }) {
      throw TokenizerError(
        .unsupported,
        "the token \(quoted(token.content)) is another spelling of the added token \(other.id) (expected "
          + "one of them)")
    }
    let id = ids.id(known: known)
    if known == nil, let other = tokenizer.token(of: id) {
      throw TokenizerError(
        .unsupported,
        "the token \(quoted(token.content)) would get the id \(id) of \(quoted(other)) (expected it in "
          + "tokenizer.json)")
    }
    indexOfContent[Array(token.content.utf8)] = tokens.count
    tokens.append(AddedToken(id: id, token))
    return id
  }
}
