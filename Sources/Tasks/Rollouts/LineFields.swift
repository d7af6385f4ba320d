// The fields of one JSONL line, checked as they are read.
import StrictJSON

/// The members of a line's object. `null` counts as absent, and unknown keys are ignored.
struct LineFields {
  let object: JSONObject
  /// The bytes of the line.
  let line: ArraySlice<UInt8>

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
    self.line = line
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

  /// `true` or `false`.
  func truth(_ key: String) throws(LineFault) -> Bool? {
    guard let value = self[key] else { return nil }
    guard let truth = value.boolValue else {
      throw LineFault("\(key) is \(value.summary) (expected true or false)")
    }
    return truth
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

  static func string(_ value: JSON, _ key: String) throws(LineFault) -> String {
    guard let text = value.stringValue else {
      throw LineFault("\(key) is \(value.summary) (expected a string)")
    }
    return text
  }
}
