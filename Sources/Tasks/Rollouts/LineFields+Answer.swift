// The reference answer of a line.
import StrictJSON

extension LineFields {
  /// The reference answer: a string, or a number as its shortest digits, or as it is written where they
  /// are another number. A list of one is the one; an empty text is no answer.
  ///
  /// - Parameter isNeeded: Whether a text that is a list of several is an error; else it is no answer.
  func answer(_ key: String, isNeeded: Bool = true) throws(LineFault) -> String? {
    guard let value = self[key], !Self.isBlank(value) else { return nil }
    if let only = only(value, key) { return only }
    guard value.stringValue == nil else {
      if !isNeeded { return nil }
      throw LineFault("\(key) is \(value.summary) (expected one answer: a string or a number)")
    }
    return try Self.string(value, key)
  }

  /// The only answer that a value has: itself, or the element of a list of one; nil for any other value.
  ///
  /// Tables store lists as text. A list of quoted texts, in JSON's or in Python's notation, is such a
  /// one; `[3]` is not, since it may be the answer itself.
  func only(_ value: JSON, _ key: String) -> String? {
    // Only numbers with fractions and those beyond 64 bits have to be looked up.
    let texts = value.hasReal ? (try? JSON.numberTexts(in: line))?.objectValue?[key] : nil
    if let elements = value.arrayValue {
      guard elements.count == 1 else { return nil }
      return Self.text(elements[0], texts?.arrayValue?.first)
    }
    guard let text = value.stringValue else { return Self.text(value, texts) }
    guard let quoted = Self.quotedTexts(text) else { return Self.text(value, nil) }
    return quoted.count == 1 ? Self.text(.string(quoted[0]), nil) : nil
  }

  /// Whether a value is an empty text.
  static func isBlank(_ value: JSON) -> Bool {
    value.stringValue?.unicodeScalars.allSatisfy(\.properties.isWhitespace) ?? false
  }

  private static func text(_ value: JSON, _ written: JSON?) -> String? {
    if let text = value.stringValue { return isBlank(value) ? nil : text }
    if let number = value.intValue { return String(number) }
    guard case .real(let number) = value else { return nil }
    let digits = number.description
    guard let written = written?.stringValue,
      DecimalDigits(written) != DecimalDigits(digits) || written == "-0"
    else { return digits }
    return written == "-0" ? "0" : written
  }

  /// The elements of a text that is a list of quoted texts; nil for any other text. Of a list in Python's
  /// notation only the number of elements is right if there are several.
  private static func quotedTexts(_ text: String) -> [String]? {
    let bytes = Array(text.utf8)
    if bytes.starts(with: Array("['".utf8)), bytes.suffix(2) == Array("']".utf8)[...],
      bytes.count >= 4
    {
      let inner = bytes[2..<bytes.count - 2]
      guard !inner.contains(UInt8(ascii: "'")) && !inner.contains(UInt8(ascii: "\\")) else {
        return [text, text]
      }
      return [String(decoding: inner, as: UTF8.self)]
    }
    guard bytes.starts(with: Array("[\"".utf8)) || bytes == Array("[]".utf8),
      let elements = (try? JSON.parse(bytes))?.arrayValue
    else { return nil }
    let texts = elements.compactMap(\.stringValue)
    return texts.count == elements.count ? texts : nil
  }
}

extension JSON {
  /// Whether this is a number that is no 64-bit integer, or a list with one.
  fileprivate var hasReal: Bool {
    switch self {
    case .real: true
    case .array(let elements): elements.contains(where: \.hasReal)
    default: false
    }
  }
}
