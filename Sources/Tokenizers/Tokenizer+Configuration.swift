// The tokens and settings that the files beside `tokenizer.json` add.

extension Tokenizer {
  /// Reads the tokenizer of a checkpoint folder: `tokenizer.json`, and the tokens that the files beside
  /// it name (see `TokenizerConfiguration`), as transformers does.
  ///
  /// A token that `tokenizer.json` lacks gets the next id. If a file says another id, that is an error,
  /// since the model was trained with one of the two.
  public init(directory: String) throws(TokenizerError) {
    try self.init(path: directory + "/tokenizer.json")
    let configuration = try TokenizerConfiguration(directory: directory)
    do {
      try configure(configuration)
    } catch {
      throw TokenizerError(error.kind, error.message, path: directory + "/tokenizer_config.json")
    }
  }

  private mutating func configure(
    _ configuration: TokenizerConfiguration
  ) throws(TokenizerError) {
    if configuration.splitsSpecialTokens {
      throw TokenizerError(
        .unsupported,
        "split_special_tokens is true (expected false: a template's marks are single tokens)")
    }
    let tokenizerClass = configuration.tokenizerClass
    if tokenizerClass == .qwen2, configuration.addsPrefixSpace {
      throw TokenizerError(
        .unsupported,
        "add_prefix_space is true (expected false: Qwen2Tokenizer would put spaces into the text)")
    }
    if tokenizerClass == .unknown {
      let name = configuration.members["tokenizer_class"] ?? "that of config.json"
      throw TokenizerError(
        .unsupported,
        "tokenizer_class is \(name.summary), which splits text in its own way (expected one that reads "
          + "tokenizer.json, such as \"PreTrainedTokenizerFast\", \"Qwen2Tokenizer\" or "
          + "\"GPT2Tokenizer\")")
    }
    var tokens = AddedTokenList(self, isRebuilt: tokenizerClass != .file)
    if tokenizerClass != .file, configuration.listsAddedTokens {
      try tokens.requireAll(in: configuration.addedTokens.map(\.token), tokenizerClass.rawValue)
    }
    for (id, token) in configuration.addedTokens {
      try tokens.add(token, id: id, replacesFlags: configuration.listsAddedTokens)
    }
    for (_, token) in configuration.namedTokens { try tokens.add(special: token) }
    let named = Set(configuration.namedTokens.map { Array($0.token.content.utf8) })
    for token in configuration.extraTokens {
      try tokens.add(token, isNamed: named.contains(Array(token.content.utf8)))
    }
    if tokenizerClass.resetsSpecialTokens {
      tokens.resetFlags(
        of: configuration.namedTokens.map(\.token) + configuration.extraTokens)
    }
    setAddedTokens(tokens.tokens)
    setClass(tokenizerClass, addsPrefixSpace: configuration.addsPrefixSpace)
  }
}
