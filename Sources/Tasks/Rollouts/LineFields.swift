// The fields of one JSONL line, checked as they are read.
import StrictJSON

/// The members of a line's object. `null` counts as absent, and unknown keys are ignored.
struct LineFields {
  private let object: JSONObject

  /// Parses a line; it has to be one JSON object.
  init(line: ArraySlice<UInt8>) throws(LineFault) {
    let value: JSON
    do {
      value = try JSON.parse(line)
    } catch {
      throw LineFault(
        "broken JSON: \(error.message) at column \(error.column) (expected one JSON object a line)")
    }
    guard let object = value.objectValue else {
      throw LineFault("\(value.typeName) (expected one JSON object a line)")
    }
    self.object = object
  }

  subscript(key: String) -> JSON? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// The first of the keys that is present.
  func first(of keys: [String]) -> (key: String, value: JSON)? {
    for key in keys {
      if let value = self[key] { return (key, value) }
    }
    return nil
  }

  /// A name: a string, or the digits of an integer.
  func name(_ keys: String...) throws(LineFault) -> String? {
    guard let (key, value) = first(of: keys) else { return nil }
    if let number = value.intValue { return String(number) }
    return try Self.string(value, key)
  }

  /// The reference answer: a string, or a number as its shortest digits.
  func answer(_ key: String) throws(LineFault) -> String? {
    try self[key].map { (value) throws(LineFault) in try Self.answer(value, key) }
  }

  /// A value as an answer.
  static func answer(_ value: JSON, _ key: String) throws(LineFault) -> String {
    if case .real(let number) = value { return number.description }
    if let number = value.intValue { return String(number) }
    return try string(value, key)
  }

  /// The keys of numbers, in order.
  func numbers(except known: Set<String>) -> [String] {
    object.members.filter { $0.value.doubleValue != nil && !known.contains($0.key) }.map(\.key)
  }

  /// A finite number.
  func number(_ keys: String...) throws(LineFault) -> Double? {
    guard let (key, value) = first(of: keys) else { return nil }
    guard let number = value.doubleValue else {
      throw LineFault("\(key) is \(value.summary) (expected a number)")
    }
    return number
  }

  /// Token ids, each in `0..<vocabularySize`, at least one.
  func tokens(_ key: String, vocabularySize: Int) throws(LineFault) -> [Int32]? {
    guard let value = self[key] else { return nil }
    guard let elements = value.arrayValue else {
      throw LineFault("\(key) is \(value.summary) (expected an array of token ids)")
    }
    guard !elements.isEmpty else { throw LineFault("\(key) is empty (expected a token id)") }
    var tokens: [Int32] = []
    tokens.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard let id = element.intValue, id >= 0, id < vocabularySize, let token = Int32(exactly: id)
      else {
        throw LineFault(
          "\(key)[\(index)] is \(element.summary) "
            + "(expected a token id: an integer from 0 to \(vocabularySize - 1))")
      }
      tokens.append(token)
    }
    return tokens
  }

  /// A prompt: a string, or turns with `role` and `content`. `input`, which verl writes, is decoded
  /// from tokens.
  ///
  /// - Throws: also for `tools` and `chat_template_kwargs` beside text, which they would not reach.
  func prompt(_ keys: String...) throws(LineFault) -> Prompt? {
    guard let (key, value) = first(of: keys) else { return nil }
    if let elements = value.arrayValue {
      return .messages(
        Conversation(
          messages: try Self.messages(elements, key), tools: try tools(),
          arguments: try templateArguments()))
    }
    let text = try Self.string(value, key)
    if self["prompt_ids"] == nil,
      let unused = ["tools", "chat_template_kwargs"].first(where: { self[$0] != nil })
    {
      throw LineFault("\(unused) with a \(key) that is text (expected messages, or prompt_ids)")
    }
    return key == "input" ? .decoded(text) : .text(text)
  }

  /// The tools: an array, or its JSON text, which is how tables store it.
  private func tools() throws(LineFault) -> JSON? {
    guard var value = self["tools"] else { return nil }
    if let text = value.stringValue, let parsed = try? JSON.parse(Array(text.utf8)) {
      value = parsed
    }
    guard let elements = value.arrayValue, elements.allSatisfy({ $0.objectValue != nil }) else {
      throw LineFault("tools is \(value.summary) (expected an array of objects)")
    }
    return value
  }

  private func templateArguments() throws(LineFault) -> JSONObject {
    guard let value = self["chat_template_kwargs"] else { return [:] }
    guard let arguments = value.objectValue else {
      throw LineFault("chat_template_kwargs is \(value.summary) (expected an object)")
    }
    if let name = Self.ownArguments.first(where: { arguments[$0] != nil }) {
      throw LineFault(
        "chat_template_kwargs has \(name), which is no variable of a template (expected "
          + (name == "tools" ? "tools as a key of the line)" : "none)"))
    }
    return arguments
  }

  /// Arguments of transformers' `apply_chat_template` that it does not pass to the template.
  private static let ownArguments = [
    "tools", "chat_template", "conversation", "messages", "add_generation_prompt",
    "continue_final_message", "tokenize", "padding", "truncation", "max_length", "return_tensors",
    "return_dict", "return_assistant_tokens_mask", "tokenizer_kwargs",
  ]

  static func string(_ value: JSON, _ key: String) throws(LineFault) -> String {
    guard let text = value.stringValue else {
      throw LineFault("\(key) is \(value.summary) (expected a string)")
    }
    return text
  }

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
