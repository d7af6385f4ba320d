// Recognises which built-in chat template a checkpoint has.
import Foundation
import StrictJSON

extension ChatTemplate {
  /// The template of a checkpoint folder: `chat_template.jinja`, or `chat_template` of
  /// `tokenizer_config.json` (of several the one named `default`).
  public init(directory: String) throws(TokenizerError) {
    let jinja = directory + "/chat_template.jinja"
    if FileManager.default.fileExists(atPath: jinja) {
      let bytes = try TextFile.bytes(jinja, name: "chat template")
      do throws(TokenizerError) {
        try self.init(String(decoding: bytes, as: UTF8.self))
      } catch {
        throw TokenizerError(error.kind, error.message, path: jinja)
      }
      return
    }
    let configuration = directory + "/tokenizer_config.json"
    guard FileManager.default.fileExists(atPath: configuration) else {
      throw TokenizerError(
        .malformed,
        "no chat template (expected chat_template.jinja, or chat_template in "
          + "tokenizer_config.json)", path: directory)
    }
    let bytes = try TextFile.bytes(configuration, name: "tokenizer_config.json")
    do throws(TokenizerError) {
      try self.init(Self.template(in: bytes))
    } catch {
      throw TokenizerError(error.kind, error.message, path: configuration)
    }
  }

  private static func template(in bytes: [UInt8]) throws(TokenizerError) -> String {
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw TokenizerError(
        .malformed, "broken JSON: \(error.message) (expected a tokenizer_config.json)")
    }
    let value = json.objectValue?["chat_template"] ?? .null
    let choice = value.arrayValue?.first { $0.objectValue?["name"] == "default" }
    guard let text = (choice?.objectValue?["template"] ?? value).stringValue else {
      throw TokenizerError(
        .malformed, "chat_template is \(value.isNull ? "missing" : value.summary) (expected text)")
    }
    return text
  }

  /// Recognises a template by the statement that writes a turn. A name that the built-in templates
  /// do not use is an error.
  public init(_ template: String) throws(TokenizerError) {
    let scan = TemplateScan(template)
    let turn = "'<|im_start|>'+message.role+'\n'+"
    if scan.contains(turn + "content+'<|im_end|>\n'")
      || scan.contains(turn + "message.content+'<|im_end|>\n'"),
      scan.contains("'<|im_start|>assistant\n")
    {
      try Self.check(scan, Self.chatMLNames, "ChatML")
      let opensThoughts = scan.strings.contains("<|im_start|>assistant\n<think>\n")
      let hasSwitch = scan.names.contains("enable_thinking")
      guard !hasSwitch || !opensThoughts && scan.strings.contains("<think>\n\n</think>\n\n") else {
        throw TokenizerError(
          .unsupported, "chat_template uses enable_thinking otherwise than Qwen3 (expected Qwen3's)"
        )
      }
      let dropsThoughts =
        scan.contains(".split('</think>')[-1].lstrip('\n')")
        || scan.contains(".split('</think>')|last).lstrip('\n')")
      guard dropsThoughts || !scan.strings.contains("</think>") else {
        throw TokenizerError(
          .unsupported, "chat_template uses </think> otherwise than Qwen3 (expected Qwen3's)")
      }
      self.init(
        family: .chatML, thinking: opensThoughts ? .always : hasSwitch ? .optional : .none,
        defaultSystem: Self.defaultSystem(scan), systemPreamble: nil,
        dropsEarlierThoughts: dropsThoughts)
      return
    }
    let trimmed = "message.content|trim+'<|eot_id|>'"
    if scan.contains("'<|start_header_id|>'+message.role+'<|end_header_id|>\n\n'+" + trimmed),
      scan.contains("'<|start_header_id|>assistant<|end_header_id|>\n\n'"),
      scan.names.contains("bos_token") || scan.strings.contains("<|begin_of_text|>")
    {
      try Self.check(scan, Self.chatMLNames.union(Self.llama3Names), "Llama 3")
      self.init(
        family: .llama3, thinking: .none, defaultSystem: nil,
        systemPreamble: try Self.dates(scan), dropsEarlierThoughts: false)
      return
    }
    let markers = Self.markers(template)
    throw TokenizerError(
      .unsupported,
      "chat_template is none of the built-in ones (expected ChatML, Qwen3's or Llama 3's; it "
        + (markers.isEmpty ? "has no markers)" : "writes \(markers.joined(separator: ", ")))"))
  }

  /// The text of the default system turn of a ChatML template.
  private static func defaultSystem(_ scan: TemplateScan) -> String? {
    let (start, end) = (Array("<|im_start|>system\n".utf8), Array("<|im_end|>\n".utf8))
    for bytes in scan.strings.map({ Array($0.utf8) })
    where bytes.count > start.count && bytes.starts(with: start)
      && bytes.suffix(end.count).elementsEqual(end)
    {
      return String(decoding: bytes.dropFirst(start.count).dropLast(end.count), as: UTF8.self)
    }
    return nil
  }

  /// The text that Llama 3.1 writes before the system turn: its knowledge cutoff and today's date.
  private static func dates(_ scan: TemplateScan) throws(TokenizerError) -> String? {
    guard scan.names.contains("date_string") else { return nil }
    let (knowledge, today) = ("Cutting Knowledge Date: December 2023\n", "Today Date: ")
    guard scan.strings.contains(knowledge), scan.strings.contains(today),
      let place = scan.text.range(of: "date_string='"),
      let end = scan.text[place.upperBound...].firstIndex(of: "'")
    else {
      throw TokenizerError(
        .unsupported, "chat_template uses date_string otherwise than Llama 3.1 (expected its)")
    }
    return knowledge + today + scan.text[place.upperBound..<end] + "\n\n"
  }

  private static func check(
    _ scan: TemplateScan, _ known: Set<String>, _ family: String
  ) throws(TokenizerError) {
    if scan.hasLooseText {
      throw TokenizerError(
        .unsupported,
        "chat_template writes text outside its tags (expected only what \(family)'s write)")
    }
    if let name = scan.names.subtracting(known).min() {
      throw TokenizerError(
        .unsupported, "chat_template uses \(quoted(name)) (expected only what \(family)'s use)")
    }
  }

  /// The first markers such as `<|user|>` or `[INST]` that a template writes.
  private static func markers(_ template: String) -> [String] {
    var markers: [String] = []
    for part in template.split(whereSeparator: { $0 == "'" || $0 == "\"" || $0.isWhitespace }) {
      guard let start = part.firstIndex(where: { $0 == "<" || $0 == "[" }),
        let end = part[start...].firstIndex(where: { $0 == ">" || $0 == "]" })
      else { continue }
      let marker = String(part[start...end])
      let inner = marker.dropFirst().dropLast()
      let isMarker =
        inner.first == "|" || inner.first == "｜" || marker.hasPrefix("[INST")
        || inner.contains("_of_")
      if isMarker, !markers.contains(marker), markers.count < 3 { markers.append(marker) }
    }
    return markers
  }

  /// The names in templates of Qwen 1.5 to 3 and those derived from them, including keywords.
  private static let chatMLNames: Set<String> = [
    "add_generation_prompt", "and", "arguments", "content", "defined", "elif", "else",
    "enable_thinking", "endfor", "endif", "endswith", "false", "first", "for", "function", "if",
    "in", "index", "index0", "is", "last", "last_query_index", "length", "loop", "lstrip",
    "current_content", "end_of_message", "forward_message", "message", "messages",
    "multi_step_tool", "name", "namespace", "none", "not", "ns", "or",
    "reasoning_content", "role", "rstrip", "set", "split", "startswith", "string", "strip",
    "tojson",
    "start_of_message", "start_pos", "tool", "tool_call", "tool_calls", "tool_end",
    "tool_end_length", "tool_start", "tool_start_length", "tools", "true",
  ]
  /// Further names in templates of Llama 3 to 3.3.
  private static let llama3Names: Set<String> = [
    "arg_name", "arg_val", "bos_token", "builtin_tools", "custom_tools", "date_string",
    "first_user_message", "indent", "items", "iterable", "join", "loop_messages", "mapping",
    "raise_exception", "reject", "strftime_now", "system_message", "t", "tools_in_user_message",
    "trim",
  ]
}

/// A text from a file for a message: on one line, shortened.
func quoted(_ text: String) -> String { JSON.string(text).summary }
