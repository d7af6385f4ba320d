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
  func answer() throws(LineFault) -> String? {
    if case .real(let number) = self["answer"] { return number.description }
    return try name("answer")
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

  /// A prompt: a string, or turns with `role` and `content`.
  func prompt(_ keys: String...) throws(LineFault) -> Prompt? {
    guard let (key, value) = first(of: keys) else { return nil }
    if let elements = value.arrayValue { return .messages(try Self.messages(elements, key)) }
    return .text(try Self.string(value, key))
  }

  static func string(_ value: JSON, _ key: String) throws(LineFault) -> String {
    guard let text = value.stringValue else {
      throw LineFault("\(key) is \(value.summary) (expected a string)")
    }
    return text
  }

  static func messages(_ elements: [JSON], _ key: String) throws(LineFault) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    for (index, element) in elements.enumerated() {
      guard let message = element.objectValue else {
        throw LineFault(
          "\(key)[\(index)] is \(element.summary) (expected an object with role and content)")
      }
      messages.append(
        ChatMessage(
          role: try string(message["role"] ?? .null, "\(key)[\(index)].role"),
          content: try string(message["content"] ?? .null, "\(key)[\(index)].content")))
    }
    return messages
  }
}
