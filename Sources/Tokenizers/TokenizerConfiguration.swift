// `tokenizer_config.json`: special tokens by their use, and the chat template.
import Foundation
import StrictJSON

/// The settings of a checkpoint folder's tokenizer that `tokenizer.json` does not have.
///
/// They come from `tokenizer_config.json`; tokens that it does not mention come from
/// `special_tokens_map.json`. Both files may be absent.
public struct TokenizerConfiguration: Sendable {
  private let directory: String
  private let members: JSONObject
  private let specialTokens: JSONObject

  /// The uses of special tokens, as transformers names them.
  static let uses = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Reads the files of a folder.
  ///
  /// - Throws: for a file that is not a JSON object.
  public init(directory: String) throws(TokenizerError) {
    self.directory = directory
    members = try Self.object(directory + "/tokenizer_config.json")
    specialTokens = try Self.object(directory + "/special_tokens_map.json")
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

  /// The text of the token with a use such as `bos_token`; nil where there is none.
  public func specialToken(_ use: String) -> String? {
    guard let value = members[use] ?? specialTokens[use] else { return nil }
    return value.stringValue ?? value.objectValue?["content"]?.stringValue
  }

  /// Whether a file says that there is such a token, or that there is none.
  func mentions(_ use: String) -> Bool { members[use] != nil || specialTokens[use] != nil }

  /// `add_bos_token` and `add_eos_token`; nil where neither is set. They replace the post-processor
  /// of `tokenizer.json` (transformers 5, `TokenizersBackend`).
  var addedAround: (start: Bool, end: Bool)? {
    let (start, end) = (members["add_bos_token"]?.boolValue, members["add_eos_token"]?.boolValue)
    return start == nil && end == nil ? nil : (start ?? false, end ?? false)
  }

  // MARK: - Chat templates

  /// The text of the chat template with its file, and that of the one for tools if it is another.
  func chatTemplate() throws(TokenizerError) -> (text: String, toolUse: String?, path: String) {
    let jinja = directory + "/chat_template.jinja"
    let more = directory + "/additional_chat_templates"
    let names = Set((try? FileManager.default.contentsOfDirectory(atPath: more)) ?? [])
    let hasMore = names.contains { $0.hasSuffix(".jinja") }
    guard !hasMore || FileManager.default.fileExists(atPath: jinja),
      !names.contains("default.jinja")
    else {
      throw TokenizerError(
        .unsupported,
        "it is not clear which template is the default (expected chat_template.jinja beside this folder, and "
          + "no default.jinja in it)", path: more)
    }
    if FileManager.default.fileExists(atPath: jinja) {
      func text(_ path: String) throws(TokenizerError) -> String {
        let bytes = try TextFile.bytes(path, name: "chat template")
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw TokenizerError(.malformed, "is not UTF-8 (expected a chat template)", path: path)
        }
        return text
      }
      let toolUse = names.contains("tool_use.jinja") ? try text(more + "/tool_use.jinja") : nil
      return (try text(jinja), toolUse, jinja)
    }
    let path = directory + "/tokenizer_config.json"
    let value = members["chat_template"] ?? .null
    if let text = value.stringValue { return (text, nil, path) }
    func named(_ name: String) -> String? {
      value.arrayValue?.first { $0.objectValue?["name"] == .string(name) }?
        .objectValue?["template"]?.stringValue
    }
    if let text = named("default") { return (text, named("tool_use"), path) }
    guard value.isNull else {
      throw TokenizerError(
        .malformed,
        "chat_template is \(value.summary) (expected text, or a list with one named default)",
        path: path)
    }
    throw TokenizerError(
      .absent,
      "no chat template (expected chat_template.jinja, or chat_template in tokenizer_config.json)",
      path: directory)
  }
}
