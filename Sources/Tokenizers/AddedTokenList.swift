// The added tokens of a tokenizer while further ones are added.

/// Adds tokens as transformers 5 does when it loads a folder.
struct AddedTokenList {
  private(set) var tokens: [AddedToken]

  private let tokenizer: Tokenizer
  private var ids: AddedTokenIDs
  private var indexOfContent: [[UInt8]: Int] = [:]

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    tokens = tokenizer.addedTokens
    ids = AddedTokenIDs(wordCount: tokenizer.wordCount)
    for (index, token) in tokens.enumerated() {
      indexOfContent[Array(token.content.utf8)] = index
      _ = ids.id(known: token.id)
    }
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
    let given: Int32
    if let index = indexOfContent[key] {
      given = tokens[index].id
      if replacesFlags { tokens[index] = AddedToken(id: given, token) }
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

  /// Adds a special token with a name; one that is there becomes special.
  mutating func add(special token: TokenDescription) throws(TokenizerError) {
    if let index = indexOfContent[Array(token.content.utf8)] {
      tokens[index].isSpecial = true
    } else {
      _ = try append(token)
    }
  }

  /// Adds a token unless it is there.
  mutating func add(_ token: TokenDescription) throws(TokenizerError) {
    if indexOfContent[Array(token.content.utf8)] == nil { _ = try append(token) }
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
