// Writing JSON values as text.

extension JSON {
  /// The value as JSON text that reads back as the same value.
  ///
  /// Doubles are written with the fewest digits that read back as the same bits, and always with a
  /// point or an exponent; NaN and the infinities, which JSON lacks, as `null`. Members keep their
  /// order, or with `sorted` are in the order of their keys' bytes. Without `indent` the text is
  /// one line without spaces. With it, each member and element is on its own line, indented by this
  /// many spaces per level, except that an array without nested arrays and objects is on one line.
  public func text(sorted: Bool = false, indent: Int? = nil) -> String {
    var writer = JSONWriter(isSorted: sorted, indent: indent)
    writer.write(self, level: 0)
    return String(decoding: writer.text, as: UTF8.self)
  }
}

private struct JSONWriter {
  let isSorted: Bool
  let indent: Int?
  var text: [UInt8] = []

  mutating func write(_ value: JSON, level: Int) {
    switch value {
    case .null: put("null")
    case .bool(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .real(let value): put(value.isFinite ? value.description : "null")
    case .string(let value): quote(value)
    case .array(let elements): write(elements, level: level)
    case .object(let object): write(object, level: level)
    }
  }

  private mutating func write(_ elements: [JSON], level: Int) {
    let isFlat = elements.allSatisfy { $0.arrayValue == nil && $0.objectValue == nil }
    put("[")
    for (index, element) in elements.enumerated() {
      if index > 0 { put(isFlat && indent != nil ? ", " : ",") }
      if !isFlat { newLine(level + 1) }
      write(element, level: level + 1)
    }
    if !isFlat { newLine(level) }
    put("]")
  }

  private mutating func write(_ object: JSONObject, level: Int) {
    var members = object.members
    if isSorted { members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
    put("{")
    for (index, member) in members.enumerated() {
      if index > 0 { put(",") }
      newLine(level + 1)
      quote(member.key)
      put(indent == nil ? ":" : ": ")
      write(member.value, level: level + 1)
    }
    if !members.isEmpty { newLine(level) }
    put("}")
  }

  private mutating func newLine(_ level: Int) {
    guard let indent else { return }
    put("\n")
    text.append(contentsOf: repeatElement(0x20, count: indent * level))
  }

  private mutating func quote(_ string: String) {
    put("\"")
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): put("\\\"")
      case UInt8(ascii: "\\"): put("\\\\")
      case 0x08: put("\\b")
      case 0x0C: put("\\f")
      case 0x0A: put("\\n")
      case 0x0D: put("\\r")
      case 0x09: put("\\t")
      case 0..<0x20:
        put(byte < 0x10 ? "\\u000" : "\\u00")
        put(String(byte, radix: 16))
      default: text.append(byte)
      }
    }
    put("\"")
  }

  private mutating func put(_ string: String) {
    text.append(contentsOf: string.utf8)
  }
}
