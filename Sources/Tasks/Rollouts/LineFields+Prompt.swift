// The prompt of a line.
import StrictJSON

extension LineFields {
  /// A prompt: a string, or turns with `role` and `content`, or the JSON text of turns, which is how
  /// tables store them. `input`, which verl writes, is decoded from tokens.
  ///
  /// - Throws: also for `tools` and `chat_template_kwargs` beside text, which they would not reach.
  func prompt(_ keys: String...) throws(LineFault) -> Prompt? {
    guard let (key, value) = first(of: keys) else { return nil }
    if value.arrayValue != nil { return .messages(try conversation(python(value, key), key)) }
    if key == "messages", value.stringValue == nil {
      throw LineFault("messages is \(value.summary) (expected a list of turns)")
    }
    let text = try Self.string(value, key)
    // Beside ids the text says nothing.
    if self["prompt_ids"] == nil {
      if key != "input", let turns = try Self.turns(inText: text, key) {
        return .messages(try conversation(turns, key))
      }
      if let unused = ["tools", "chat_template_kwargs"].first(where: { self[$0] != nil }) {
        throw LineFault("\(unused) with a \(key) that is text (expected messages, or prompt_ids)")
      }
    }
    return key == "input" ? .decoded(text) : .text(text)
  }

  /// The turns of a text that is the JSON of a list of turns; nil for any other `prompt`.
  private static func turns(inText text: String, _ key: String) throws(LineFault) -> JSON? {
    let bytes = Array(text.utf8)
    if let value = try? JSON.parse(bytes), let elements = value.arrayValue, !elements.isEmpty,
      elements.allSatisfy({ $0.objectValue?["role"]?.stringValue != nil })
    {
      return try PythonIntegers.corrected(value, in: bytes[...], key)
    }
    let start = bytes.lazy.filter { $0 != 0x20 }.prefix(10)
    if ["[{'role'", "[{'content"].contains(where: { start.starts(with: Array($0.utf8)) }) {
      throw LineFault(
        "\(key) is a list in Python's notation (expected a list of turns, or its JSON)")
    }
    if key == "messages" {
      throw LineFault("messages is \(JSON.string(text).summary) (expected a list of turns)")
    }
    return nil
  }

  private func conversation(_ turns: JSON, _ key: String) throws(LineFault) -> Conversation {
    Conversation(
      messages: try Self.messages(turns.arrayValue ?? [], key), tools: try tools(),
      arguments: try templateArguments())
  }

  /// The value of a key with integers as Python reads them.
  private func python(_ value: JSON, _ key: String) throws(LineFault) -> JSON {
    try PythonIntegers.corrected(value, in: line, key, isMember: true)
  }

  /// The tools: an array, or its JSON text, which is how tables store it.
  private func tools() throws(LineFault) -> JSON? {
    guard var value = self["tools"] else { return nil }
    if let text = value.stringValue, let parsed = try? JSON.parse(Array(text.utf8)) {
      value = try PythonIntegers.corrected(parsed, in: Array(text.utf8)[...], "tools")
    } else {
      value = try python(value, "tools")
    }
    guard let elements = value.arrayValue, elements.allSatisfy({ $0.objectValue != nil }) else {
      throw LineFault("tools is \(value.summary) (expected an array of objects)")
    }
    return value
  }

  /// `chat_template_kwargs`, and the keys of the line that `apply_chat_template` takes by the same names.
  private func templateArguments() throws(LineFault) -> JSONObject {
    var arguments: JSONObject = [:]
    if let value = self["chat_template_kwargs"] {
      guard let object = try python(value, "chat_template_kwargs").objectValue else {
        throw LineFault("chat_template_kwargs is \(value.summary) (expected an object)")
      }
      arguments = object
    }
    if let name = Self.ownArguments.first(where: { arguments[$0] != nil }) {
      throw LineFault(
        "chat_template_kwargs has \(name), which is no variable of a template (expected "
          + (name == "tools" ? "tools as a key of the line)" : "none)"))
    }
    for key in ["documents", "enable_thinking"] {
      guard let value = self[key] else { continue }
      let given = try python(value, key)
      guard arguments[key] ?? given == given else {
        throw LineFault(
          "\(key) is \(given.summary), and chat_template_kwargs says otherwise (expected one of them)"
        )
      }
      arguments[key] = given
    }
    for (key, wanted) in Self.fixedArguments {
      guard let value = self[key], value != wanted else { continue }
      throw LineFault(
        "\(key) is \(value.summary) beside messages (expected \(wanted.summary): the response answers "
          + "the last turn)")
    }
    return arguments
  }

  /// Keys of a line by which `apply_chat_template` would not open an answer to the last turn.
  private static let fixedArguments: KeyValuePairs<String, JSON> = [
    "add_generation_prompt": true, "continue_final_message": false,
  ]

  /// Arguments of transformers' `apply_chat_template` that it does not pass to the template.
  private static let ownArguments = [
    "tools", "chat_template", "conversation", "messages", "add_generation_prompt",
    "continue_final_message", "tokenize", "padding", "truncation", "max_length", "return_tensors",
    "return_dict", "return_assistant_tokens_mask", "sanitize_control_tokens", "tokenizer_kwargs",
  ]

  /// Turns with all of their fields. Only `role` is needed: a turn that calls tools may lack a
  /// content.
  static func messages(_ elements: [JSON], _ key: String) throws(LineFault) -> [JSONObject] {
    var messages: [JSONObject] = []
    for (index, element) in elements.enumerated() {
      guard let message = element.objectValue else {
        throw LineFault(
          "\(key)[\(index)] is \(element.summary) (expected an object with role and content)")
      }
      _ = try string(message["role"] ?? .null, "\(key)[\(index)].role")
      switch message["content"] ?? .null {
      case .string, .array: break
      case .null where message["tool_calls"] != nil: break
      case let content:
        throw LineFault("\(key)[\(index)].content is \(content.summary) (expected a string)")
      }
      messages.append(message)
    }
    return messages
  }
}
