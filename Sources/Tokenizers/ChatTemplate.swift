// Chat templates: render the turns of a conversation as the text that a model was trained to
// continue.
import Jinja
import StrictJSON

/// The chat template of a checkpoint, rendered as transformers' `apply_chat_template` does.
///
/// The template itself is run (see `JinjaTemplate`), so the text is the one that transformers makes, or
/// there is an error. Deviations from transformers are errors by name:
///
/// - A template that writes today's date needs a date, so that results do not depend on the day.
/// - A special token that the folder does not mention may have a default in transformers' code.
public struct ChatTemplate: Sendable {
  private let template: JinjaTemplate
  private let toolTemplate: JinjaTemplate
  /// The source, in which variables are looked for.
  private let source: String
  private let specialTokens: JSONObject
  private let unknownTokens: [String: String]

  /// The template of a checkpoint folder: `chat_template.jinja`, or `chat_template` of
  /// `tokenizer_config.json`. Of several, the one named `default` is used, and the one named `tool_use`
  /// if there are tools. Beside `chat_template.jinja` that is `additional_chat_templates/tool_use.jinja`.
  public init(directory: String) throws(TokenizerError) {
    let configuration = try TokenizerConfiguration(directory: directory)
    let (text, toolUse, path) = try configuration.chatTemplate()
    var tokens: JSONObject = [:]
    var unknown: [String: String] = [:]
    for (name, token) in configuration.namedTokens { tokens[name] = .string(token.content) }
    for use in SpecialTokenSettings.uses where !configuration.mentions(use) {
      unknown[use] =
        "the template reads \(use), which \(directory)/tokenizer_config.json does not have "
        + "(expected it, null for none)"
    }
    do {
      try self.init(text, toolUse: toolUse, specialTokens: tokens, unknownTokens: unknown)
    } catch {
      throw TokenizerError(error.kind, error.message, path: path)
    }
  }

  /// A template from its text.
  ///
  /// - Parameter specialTokens: The tokens by their use, such as `bos_token`.
  public init(_ text: String, specialTokens: JSONObject = [:]) throws(TokenizerError) {
    try self.init(text, toolUse: nil, specialTokens: specialTokens, unknownTokens: [:])
  }

  private init(
    _ text: String, toolUse: String?, specialTokens: JSONObject, unknownTokens: [String: String]
  ) throws(TokenizerError) {
    do {
      template = try JinjaTemplate(text)
      toolTemplate =
        try toolUse.map { (text) throws(JinjaError) in try JinjaTemplate(text) } ?? template
    } catch {
      throw Self.error(error)
    }
    source = text + (toolUse ?? "")
    self.specialTokens = specialTokens
    self.unknownTokens = unknownTokens
  }

  /// Whether the template reads `enable_thinking`, so that thinking can be switched off.
  public var hasThinkingSwitch: Bool { source.utf8.contains("enable_thinking".utf8) }

  /// The text of the turns and of the opening of the answer.
  ///
  /// Members of turns that are null are left out, and thoughts under the names `reasoning` or `thinking`
  /// are also passed as `reasoning_content`, as transformers 5 does.
  ///
  /// - Parameters:
  ///   - messages: The turns, each with its role, its content and any other fields.
  ///   - tools: The schemas of tools, or nil.
  ///   - arguments: Further variables by name, such as `enable_thinking`.
  ///   - now: The date and time that the template writes as today's.
  /// - Throws: for an answer as the last turn, and for everything on which the template or the
  ///   interpreter fails, by name.
  public func prompt(
    _ messages: [JSONObject], tools: JSON? = nil, arguments: JSONObject = [:],
    now: CalendarTime? = nil
  ) throws(TokenizerError) -> String {
    guard let last = messages.last, last["role"] != "assistant" else {
      throw TokenizerError(
        .unsupported,
        messages.isEmpty
          ? "there are no messages (expected at least one)"
          : "the last message is of \"assistant\" (expected the user's: the response is the answer "
            + "to it)")
    }
    var variables = specialTokens
    for (name, value) in arguments.members { variables[name] = value }
    variables["messages"] = .array(messages.map { .object(Self.normalized($0)) })
    variables["tools"] = tools ?? .null
    if variables["documents"] == nil { variables["documents"] = .null }
    variables["add_generation_prompt"] = true
    do {
      return try (tools == nil ? template : toolTemplate).render(
        variables, now: now, unknown: unknownTokens)
    } catch {
      throw Self.error(error)
    }
  }

  private static func normalized(_ message: JSONObject) -> JSONObject {
    var result: JSONObject = [:]
    let reasoning = ["reasoning_content", "thinking", "reasoning"].lazy
      .compactMap { message[$0] }.first { !$0.isNull }
    if let reasoning, (message["thinking"] ?? .null).isNull { result["thinking"] = reasoning }
    for (name, value) in message.members where !value.isNull { result[name] = value }
    if let reasoning { result["reasoning_content"] = reasoning }
    return result
  }

  private static func error(_ error: JinjaError) -> TokenizerError {
    let date = error.kind == .needsDate ? "a date, which --template-date gives, " : ""
    return TokenizerError(
      .unsupported,
      "chat template, \(error) (expected \(date)prompt_ids, or a prompt that is rendered already)")
  }
}

/// A text from a file for a message: on one line, shortened.
func quoted(_ text: String) -> String { JSON.string(text).summary }

extension Sequence<UInt8> {
  /// Whether the bytes of a text occur.
  func contains(_ part: some Collection<UInt8>) -> Bool {
    let (bytes, part) = (Array(self), Array(part))
    guard bytes.count >= part.count else { return false }
    return (0...bytes.count - part.count).contains {
      bytes[$0..<$0 + part.count].elementsEqual(part)
    }
  }
}
