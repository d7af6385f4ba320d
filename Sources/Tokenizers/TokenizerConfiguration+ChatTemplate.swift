// Where a checkpoint folder has its chat template.
import Foundation
import StrictJSON

extension TokenizerConfiguration {
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
