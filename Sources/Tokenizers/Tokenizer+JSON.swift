// Reading `tokenizer.json`: what all models share.
import StrictJSON

extension Tokenizer {
  /// Reads a `tokenizer.json`. A setting that would change the tokens and is not implemented is an
  /// error that names it. Implemented are
  ///
  /// - `WordLevel` with `WhitespaceSplit`,
  /// - byte-level `BPE` with the pre-tokenizers of GPT-2, SmolLM, Qwen 2 and 3, and Llama 3, as it is
  ///   or after the normalizer `NFC`,
  ///
  /// both with added tokens of every kind. The post-processor matters to prompts only.
  public init(path: String) throws(TokenizerError) {
    let bytes = try TextFile.bytes(path, name: "tokenizer.json")
    do {
      try self.init(json: bytes)
    } catch {
      throw TokenizerError(error.kind, error.message, path: path)
    }
  }

  /// Reads the text of a `tokenizer.json`.
  public init(json bytes: [UInt8]) throws(TokenizerError) {
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw TokenizerError(.malformed, "broken JSON: \(error) (expected a tokenizer.json)")
    }
    guard let file = json.objectValue, let model = file["model"]?.objectValue else {
      throw TokenizerError(.malformed, "no model (expected a tokenizer.json)")
    }
    // Files of the first versions do not name the type of a model that has merges.
    let type = model["type"] ?? (model["merges"] == nil ? .null : "BPE")
    if type.isNull {
      throw TokenizerError(.malformed, "no model.type (expected \"BPE\" or \"WordLevel\")")
    }
    guard type == "WordLevel" || type == "BPE" else {
      throw TokenizerError(
        .unsupported, "model.type is \(type.summary) (expected \"BPE\" or \"WordLevel\")")
    }
    guard let vocabulary = model["vocab"]?.objectValue, !vocabulary.isEmpty else {
      throw TokenizerError(.malformed, "model.vocab is missing or empty (expected words and ids)")
    }
    let words = try Self.words(vocabulary)
    if type == "WordLevel" {
      self.init(
        model: .wordLevel(try WordLevel(file, model, words)), vocabulary: words,
        addedTokens: try Self.addedTokens(file["added_tokens"], vocabulary, words))
    } else {
      self.init(
        model: .bytePairEncoding(try BytePairEncoding(file, model, vocabulary, words)),
        vocabulary: words,
        addedTokens: try Self.addedTokens(file["added_tokens"], vocabulary, words),
        normalizesToNFC: try Self.normalizesToNFC(file),
        postProcessor: try PostProcessor(file["post_processor"]))
    }
  }

  /// Refuses a part of the file unless it is null.
  static func refuse(_ keys: [String], in file: JSONObject) throws(TokenizerError) {
    for key in keys {
      if let part = file[key], !part.isNull {
        throw TokenizerError(.unsupported, "\(key) is \(typeName(of: part)) (expected null)")
      }
    }
  }

  /// The `type` of a part of the file, for messages.
  static func typeName(of part: JSON) -> String {
    (part.objectValue?["type"] ?? part).summary
  }

  private static func normalizesToNFC(_ file: JSONObject) throws(TokenizerError) -> Bool {
    guard let normalizer = file["normalizer"], !normalizer.isNull else { return false }
    guard normalizer.objectValue?["type"] == "NFC" else {
      throw TokenizerError(
        .unsupported, "normalizer is \(typeName(of: normalizer)) (expected \"NFC\" or null)")
    }
    return true
  }

  private static func words(
    _ vocabulary: JSONObject
  ) throws(TokenizerError) -> [(token: String, id: Int32)] {
    var words: [(token: String, id: Int32)] = []
    words.reserveCapacity(vocabulary.count)
    var ids = Set<Int32>(minimumCapacity: vocabulary.count)
    for (word, value) in vocabulary.members {
      guard let id = value.intValue.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw badID(value, "model.vocab of \(JSON.string(word).summary)")
      }
      guard ids.insert(id).inserted else {
        throw TokenizerError(
          .malformed,
          "model.vocab of \(JSON.string(word).summary) is \(id) again (expected every id once)")
      }
      words.append((word, id))
    }
    return words
  }

  private static func addedTokens(
    _ value: JSON?, _ vocabulary: JSONObject, _ words: [(token: String, id: Int32)]
  ) throws(TokenizerError) -> [AddedToken] {
    guard let value, !value.isNull else { return [] }
    guard let elements = value.arrayValue else {
      throw TokenizerError(.malformed, "added_tokens is \(value.summary) (expected an array)")
    }
    var ids = Set(words.map(\.id))
    var contents = Set<[UInt8]>()
    var tokens: [AddedToken] = []
    var nextIDs = AddedTokenIDs(wordCount: words.count)
    for (index, element) in elements.enumerated() {
      let place = "added_tokens[\(index)]"
      guard let object = element.objectValue, let content = object["content"]?.stringValue,
        !content.isEmpty, contents.insert(Array(content.utf8)).inserted
      else {
        throw TokenizerError(
          .malformed, "\(place) has no content of its own (expected an object with id and content)")
      }
      let value = object["id"] ?? .null
      guard let id = value.intValue.flatMap(Int32.init(exactly:)), id >= 0 else {
        throw badID(value, "\(place).id")
      }
      if let known = vocabulary[content]?.intValue {
        guard known == id else {
          throw TokenizerError(
            .malformed, "\(place).id is \(id) (expected \(known), its id in model.vocab)")
        }
      } else if !ids.insert(id).inserted {
        throw TokenizerError(
          .malformed, "\(place).id is \(id), which is another token's (expected every id once)")
      }
      var token = try TokenDescription(object, place: place)
      // Unlike in other files, a missing flag is false here.
      if object["normalized"] == nil { token.isNormalized = false }
      let given = nextIDs.id(known: vocabulary[content]?.intValue.flatMap(Int32.init(exactly:)))
      guard given == id else {
        throw TokenizerError(
          .malformed,
          "\(place).id is \(id) (expected \(given), the next one: Hugging Face's library counts on)"
        )
      }
      tokens.append(AddedToken(id: id, token))
    }
    return tokens
  }

  private static func badID(_ value: JSON, _ place: String) -> TokenizerError {
    TokenizerError(
      .malformed, "\(place) is \(value.summary) (expected an integer from 0 to \(Int32.max))")
  }
}

extension WordLevel {
  /// Reads the model; normalizers, post-processors and decoders are refused.
  init(
    _ file: JSONObject, _ model: JSONObject, _ words: [(token: String, id: Int32)]
  ) throws(TokenizerError) {
    try Tokenizer.refuse(["normalizer", "post_processor", "decoder"], in: file)
    let preTokenizer = file["pre_tokenizer"] ?? .null
    guard preTokenizer.objectValue?["type"] == "WhitespaceSplit" else {
      throw TokenizerError(
        .unsupported,
        "pre_tokenizer is \(Tokenizer.typeName(of: preTokenizer)) (expected \"WhitespaceSplit\")")
    }
    let ids = words.map { (Array($0.token.utf8), $0.id) }
    vocabulary = Dictionary(ids) { first, _ in first }
    unknownID = model["unk_token"]?.stringValue.flatMap { [vocabulary] in
      vocabulary[Array($0.utf8)]
    }
  }
}
