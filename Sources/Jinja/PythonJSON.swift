// The filter tojson: Python's json.dumps.

/// `json.dumps` with the options that transformers gives the filter.
struct PythonJSON {
  var asciiOnly = false
  /// The text of one level of indentation; nil writes one line.
  var indentation: String?
  var itemSeparator: String
  var keySeparator = ": "
  var sortsKeys = false

  init(
    asciiOnly: Bool = false, indentation: String? = nil,
    separators: (item: String, key: String)? = nil, sortsKeys: Bool = false
  ) {
    self.asciiOnly = asciiOnly
    self.indentation = indentation
    self.sortsKeys = sortsKeys
    itemSeparator = separators?.item ?? (indentation == nil ? ", " : ",")
    keySeparator = separators?.key ?? ": "
  }

  func text(of value: Value) throws(JinjaError) -> String {
    var text = ""
    try write(value, depth: 0, into: &text)
    return text
  }

  private func write(_ value: Value, depth: Int, into text: inout String) throws(JinjaError) {
    switch value {
    case .none: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .real(let value):
      text +=
        value.isNaN
        ? "NaN"
        : value.isInfinite
          ? (value < 0 ? "-Infinity" : "Infinity") : PythonText.text(of: value)
    case .string(let value), .markup(let value): write(string: value, into: &text)
    case .list(let elements), .tuple(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        text += (index > 0 ? itemSeparator : "") + lineBreak(depth + 1)
        try write(element, depth: depth + 1, into: &text)
      }
      text += (elements.isEmpty ? "" : lineBreak(depth)) + "]"
    case .dictionary(let dictionary):
      var items = dictionary.items
      if sortsKeys {
        items.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
      }
      text += "{"
      for (index, item) in items.enumerated() {
        text += (index > 0 ? itemSeparator : "") + lineBreak(depth + 1)
        write(string: item.key, into: &text)
        text += keySeparator
        try write(item.value, depth: depth + 1, into: &text)
      }
      text += (items.isEmpty ? "" : lineBreak(depth)) + "}"
    case .undefined, .object:
      throw JinjaError(.refused, "\(value.typeName) as JSON")
    }
  }

  private func lineBreak(_ depth: Int) -> String {
    indentation.map { "\n" + String(repeating: $0, count: depth) } ?? ""
  }

  private func write(string: String, into text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case _ where scalar.value < 0x20 || asciiOnly && scalar.value > 0x7E:
        for unit in String(scalar).utf16 { text += "\\u" + PythonText.hexadecimal(UInt32(unit), 4) }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
