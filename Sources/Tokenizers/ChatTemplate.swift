// Chat templates: render the turns of a conversation as the text that a model was trained to
// continue.

/// One of the built-in templates, recognised in a checkpoint's own: ChatML as Qwen writes it (with
/// or without a default system turn), Qwen 3's with its thoughts, Llama 3's with or without dates.
///
/// Tools are not implemented; Llama 3.2's "today" is the date that its template falls back to, so
/// that results do not depend on the day.
public struct ChatTemplate: Sendable, Equatable {
  /// The role and the text of a turn.
  public typealias Turn = (role: String, content: String)

  enum Family: Sendable {
    case chatML
    case llama3
  }

  /// How the template opens the thinking section of the answer.
  enum Thinking: Sendable {
    /// Not at all.
    case none
    /// The model opens it, or the prompt contains an empty one.
    case optional
    /// The prompt opens it.
    case always
  }

  let family: Family
  let thinking: Thinking
  /// The text at the beginning if there is no system turn.
  let defaultSystem: String?
  /// The text that Llama 3.1 writes before any system turn.
  let systemPreamble: String?
  /// Whether the thinking sections of earlier answers are left out.
  let dropsEarlierThoughts: Bool

  /// Whether answers without a thinking section can be requested.
  public var hasThinkingSwitch: Bool { thinking == .optional }

  /// The text of the turns and of the opening of the answer.
  ///
  /// - Parameters:
  ///   - turns: of `system`, `user` and `assistant`; the last one is the user's.
  ///   - thinking: false for Qwen 3's `enable_thinking=False`.
  /// - Throws: for input that the template does not support, by name.
  public func prompt(_ turns: [Turn], thinking: Bool = true) throws(TokenizerError) -> String {
    for (index, turn) in turns.enumerated()
    where !["system", "user", "assistant"].contains(turn.role) {
      throw TokenizerError(
        .unsupported,
        "messages[\(index)].role is \(quoted(turn.role)) (expected system, user or assistant)")
    }
    guard let last = turns.last, last.role == "user" else {
      throw TokenizerError(
        .unsupported,
        "the last message is of \(quoted(turns.last?.role ?? "")) (expected the user's)")
    }
    if !thinking, !hasThinkingSwitch {
      throw TokenizerError(
        .unsupported, "the chat template cannot switch thinking off (expected Qwen3's)")
    }
    switch family {
    case .chatML: return try chatML(turns, last, thinking: thinking)
    case .llama3: return llama3(turns)
    }
  }

  private func chatML(
    _ turns: [Turn], _ last: Turn, thinking: Bool
  ) throws(TokenizerError) -> String {
    // After a tool's response Qwen 3 keeps the thinking sections of the answers since the last
    // question.
    if dropsEarlierThoughts, last.content.hasPrefix("<tool_response>"),
      last.content.hasSuffix("</tool_response>")
    {
      throw TokenizerError(
        .unsupported, "the last message is a tool's response (expected a question)")
    }
    var text = ""
    if let defaultSystem, turns.first?.role != "system" {
      text += "<|im_start|>system\n\(defaultSystem)<|im_end|>\n"
    }
    for turn in turns {
      let isAnswer = turn.role == "assistant" && dropsEarlierThoughts
      let content = isAnswer ? Self.withoutThoughts(turn.content) : turn.content
      text += "<|im_start|>\(turn.role)\n\(content)<|im_end|>\n"
    }
    text += "<|im_start|>assistant\n"
    if self.thinking == .always { text += "<think>\n" }
    if !thinking { text += "<think>\n\n</think>\n\n" }
    return text
  }

  private func llama3(_ turns: [Turn]) -> String {
    func header(_ role: String) -> String { "<|start_header_id|>\(role)<|end_header_id|>\n\n" }
    var text = "<|begin_of_text|>"
    var turns = turns[...]
    if let systemPreamble {
      let system = turns.first?.role == "system" ? turns.removeFirst().content : ""
      text += header("system") + systemPreamble + Self.trimmed(system) + "<|eot_id|>"
    }
    for turn in turns { text += header(turn.role) + Self.trimmed(turn.content) + "<|eot_id|>" }
    return text + header("assistant")
  }

  /// `content.split('</think>')[-1].lstrip('\n')`
  private static func withoutThoughts(_ content: String) -> String {
    let (bytes, mark) = (Array(content.utf8), Array("</think>".utf8))
    guard bytes.count >= mark.count,
      let start = (0...bytes.count - mark.count).last(where: {
        bytes[$0..<$0 + mark.count].elementsEqual(mark)
      })
    else { return content }
    return String(decoding: bytes[(start + mark.count)...].drop { $0 == 0x0A }, as: UTF8.self)
  }

  /// Jinja's `trim`, which is Python's `strip`.
  private static func trimmed(_ content: String) -> String {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || 0x1C...0x1F ~= scalar.value
    }
    let scalars = content.unicodeScalars.drop(while: isSpace)
    guard let last = scalars.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(scalars[...last])
  }
}
