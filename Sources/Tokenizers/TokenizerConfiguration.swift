// The files beside `tokenizer.json`: special tokens by their use, further tokens, settings.
import Foundation
import StrictJSON

/// The settings of a checkpoint folder's tokenizer that `tokenizer.json` does not have.
///
/// They come from `tokenizer_config.json`. As in transformers 5, `special_tokens_map.json` counts over it
/// and `added_tokens.json` beside it, unless it has `added_tokens_decoder`: then they are not read. All of
/// the files may be absent.
public struct TokenizerConfiguration: Sendable {
  let directory: String
  /// `tokenizer_config.json`.
  let members: JSONObject
  /// The special tokens by name, in the order in which they are added.
  let namedTokens: [(name: String, token: TokenDescription)]
  /// The special tokens without a name.
  let extraTokens: [TokenDescription]
  /// Tokens with their ids in order: of `added_tokens_decoder`, or else of `added_tokens.json`.
  let addedTokens: [(id: Int32, token: TokenDescription)]
  /// Whether `added_tokens_decoder` says which tokens are added.
  let listsAddedTokens: Bool
  /// Who makes the tokens in transformers.
  let tokenizerClass: TokenizerClass

  private let mentionedUses: Set<String>

  /// Reads the files of a folder.
  ///
  /// - Throws: for a file that is not a JSON object, and for a token that is none.
  public init(directory: String) throws(TokenizerError) {
    self.directory = directory
    let path = directory + "/tokenizer_config.json"
    members = try Self.object(path)
    listsAddedTokens = members["added_tokens_decoder"] != nil
    let map = listsAddedTokens ? [:] : try Self.object(directory + "/special_tokens_map.json")
    // What is wrong with a model's own file is reported where the model is read.
    let model = (try? Self.object(directory + "/config.json")) ?? [:]
    tokenizerClass = TokenizerClass(
      declared: members["tokenizer_class"]?.stringValue ?? model["tokenizer_class"]?.stringValue,
      modelType: model["model_type"]?.stringValue)
    do {
      let tokens = try SpecialTokenSettings(
        members, map: map, defaults: tokenizerClass.defaultTokens)
      (namedTokens, extraTokens) = (tokens.named, tokens.extra)
      mentionedUses = tokens.mentioned
      addedTokens =
        if let decoder = members["added_tokens_decoder"] {
          try Self.addedTokens(decoder)
        } else {
          try Self.addedTokens(
            file: try Self.object(directory + "/added_tokens.json"),
            special: tokens.listedTexts)
        }
    } catch {
      throw TokenizerError(error.kind, error.message, path: error.path ?? path)
    }
  }

  private static func object(_ path: String) throws(TokenizerError) -> JSONObject {
    guard FileManager.default.fileExists(atPath: path) else { return [:] }
    let name = URL(fileURLWithPath: path).lastPathComponent
    let json: JSON
    do {
      json = try JSON.parse(try TextFile.bytes(path, name: name))
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw TokenizerError(
        .malformed,
        "broken JSON: \((error as? JSONError)?.message ?? "\(error)") (expected an object)",
        path: path)
    }
    guard let object = json.objectValue else {
      throw TokenizerError(.malformed, "\(json.typeName) (expected an object)", path: path)
    }
    return object
  }

  /// `added_tokens_decoder`: descriptions by id.
  private static func addedTokens(
    _ decoder: JSON
  ) throws(TokenizerError) -> [(id: Int32, token: TokenDescription)] {
    guard let members = decoder.objectValue?.members else {
      throw TokenizerError(
        .malformed, "added_tokens_decoder is \(decoder.summary) (expected tokens by their ids)")
    }
    var tokens: [(id: Int32, token: TokenDescription)] = []
    for (key, value) in members {
      let place = "added_tokens_decoder of \(quoted(key))"
      guard let id = Int32(key), id >= 0, let object = value.objectValue else {
        throw TokenizerError(.malformed, "\(place) is no token (expected tokens by their ids)")
      }
      tokens.append((id, try TokenDescription(object, place: place)))
    }
    return tokens.sorted { $0.id < $1.id }
  }

  /// `added_tokens.json`: ids by text.
  private static func addedTokens(
    file: JSONObject, special: Set<[UInt8]>
  ) throws(TokenizerError) -> [(id: Int32, token: TokenDescription)] {
    var tokens: [(id: Int32, token: TokenDescription)] = []
    for (content, value) in file.members {
      guard let id = value.intValue.flatMap(Int32.init(exactly:)), id >= 0, !content.isEmpty else {
        throw TokenizerError(
          .malformed,
          "added_tokens.json has \(value.summary) for \(quoted(content)) (expected ids by text)")
      }
      tokens.append(
        (id, TokenDescription(content, isSpecial: special.contains(Array(content.utf8)))))
    }
    return tokens.sorted { $0.id < $1.id }
  }

  /// The text of the token with a name such as `bos_token`; nil where there is none.
  public func specialToken(_ name: String) -> String? {
    namedTokens.first { $0.name == name }?.token.content
  }

  /// Whether a file says that there is a token with such a use, or that there is none.
  func mentions(_ use: String) -> Bool { mentionedUses.contains(use) }

  /// `add_bos_token` and `add_eos_token`; nil where neither is set.
  var addedAround: (start: Bool, end: Bool)? {
    let (start, end) = (members["add_bos_token"]?.boolValue, members["add_eos_token"]?.boolValue)
    return start == nil && end == nil ? nil : (start ?? false, end ?? false)
  }

  /// Whether special tokens in a text are split as if they were none.
  var splitsSpecialTokens: Bool { members["split_special_tokens"] == true }

  /// Whether a text gets a space before it, in the classes that look at the setting.
  var addsPrefixSpace: Bool { members["add_prefix_space"] == true }
}
