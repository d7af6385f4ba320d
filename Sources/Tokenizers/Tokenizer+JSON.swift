// Reading and writing `tokenizer.json`.
import Foundation
import StrictJSON

extension Tokenizer {
  /// Reads a `tokenizer.json`. Whatever would change the tokens and is not implemented is refused
  /// by name: other models than `WordLevel`, other pre-tokenizers than `WhitespaceSplit`, any
  /// normalizer, post-processor or decoder, added tokens that reach beyond their own text.
  public init(path: String) throws(TokenizerError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw TokenizerError(.malformed, "no such file (expected a tokenizer.json)", path: path)
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw TokenizerError(.machine, "cannot be read (expected a tokenizer.json)", path: path)
    }
    do {
      try self.init(json: Array(data))
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
    guard let type = model["type"]?.stringValue else {
      throw TokenizerError(.malformed, "no model.type (expected \"WordLevel\")")
    }
    guard type == "WordLevel" else {
      throw TokenizerError(
        .unsupported, "model.type is \(JSON.string(type).summary) (expected \"WordLevel\")")
    }
    for key in ["normalizer", "post_processor", "decoder"] {
      if let part = file[key], !part.isNull {
        throw TokenizerError(.unsupported, "\(key) is \(Self.typeName(of: part)) (expected null)")
      }
    }
    let preTokenizer = file["pre_tokenizer"] ?? .null
    guard preTokenizer.objectValue?["type"] == "WhitespaceSplit" else {
      throw TokenizerError(
        .unsupported,
        "pre_tokenizer is \(Self.typeName(of: preTokenizer)) (expected \"WhitespaceSplit\")")
    }
    guard let vocabulary = model["vocab"]?.objectValue, !vocabulary.isEmpty else {
      throw TokenizerError(.malformed, "model.vocab is missing or empty (expected words and ids)")
    }
    let words = try Self.words(vocabulary)
    self.init(
      words: words, addedTokens: try Self.addedTokens(file["added_tokens"], vocabulary, words),
      unknownWord: model["unk_token"]?.stringValue)
  }

  /// The `type` of a part of the file, for messages.
  private static func typeName(of part: JSON) -> String {
    (part.objectValue?["type"] ?? part).summary
  }

  private static func words(
    _ vocabulary: JSONObject
  ) throws(TokenizerError) -> [(word: String, id: Int32)] {
    var words: [(word: String, id: Int32)] = []
    words.reserveCapacity(vocabulary.count)
    var ids = Set<Int32>()
    for (word, value) in vocabulary.members {
      let id = try tokenID(value, "model.vocab of \(JSON.string(word).summary)")
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
    _ value: JSON?, _ vocabulary: JSONObject, _ words: [(word: String, id: Int32)]
  ) throws(TokenizerError) -> [AddedToken] {
    guard let value, !value.isNull else { return [] }
    guard let elements = value.arrayValue else {
      throw TokenizerError(.malformed, "added_tokens is \(value.summary) (expected an array)")
    }
    var ids = Set(words.map(\.id))
    var contents = Set<[UInt8]>()
    var tokens: [AddedToken] = []
    for (index, element) in elements.enumerated() {
      let place = "added_tokens[\(index)]"
      guard let object = element.objectValue, let content = object["content"]?.stringValue,
        !content.isEmpty, contents.insert(Array(content.utf8)).inserted
      else {
        throw TokenizerError(
          .malformed, "\(place) has no content of its own (expected an object with id and content)")
      }
      for flag in ["single_word", "lstrip", "rstrip"] where object[flag]?.boolValue == true {
        throw TokenizerError(.unsupported, "\(place).\(flag) is true (expected false)")
      }
      let id = try tokenID(object["id"] ?? .null, "\(place).id")
      if let known = vocabulary[content]?.intValue {
        guard known == id else {
          throw TokenizerError(
            .malformed, "\(place).id is \(id) (expected \(known), its id in model.vocab)")
        }
      } else if !ids.insert(id).inserted {
        throw TokenizerError(
          .malformed, "\(place).id is \(id), which is another token's (expected every id once)")
      }
      tokens.append(
        AddedToken(
          id: id, content: content, isSpecial: object["special"]?.boolValue ?? false))
    }
    return tokens
  }

  private static func tokenID(_ value: JSON, _ place: String) throws(TokenizerError) -> Int32 {
    guard let number = value.intValue, number >= 0, let id = Int32(exactly: number) else {
      throw TokenizerError(
        .malformed, "\(place) is \(value.summary) (expected an integer from 0 to \(Int32.max))")
    }
    return id
  }
}
