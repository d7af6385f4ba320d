// The reference answer of a line.
import StrictJSON

extension LineFields {
  /// The reference answer: a string, or a number as its shortest digits, or as it is written where they
  /// are another number. A list of one is the one.
  func answer(_ key: String) throws(LineFault) -> String? {
    guard let value = self[key] else { return nil }
    if let only = only(value, key) { return only }
    if value.stringValue != nil {
      throw LineFault("\(key) is \(value.summary) (expected one answer: a string or a number)")
    }
    return try Self.string(value, key)
  }

  /// The only answer that a value has: itself, or the element of a list of one; nil for any other value,
  /// and for an empty text.
  ///
  /// Tables store lists as text. A list of quoted texts, in JSON's or in Python's notation, is such a
  /// one; `[3]` is not, since it may be the answer itself.
  func only(_ value: JSON, _ key: String) -> String? {
    let texts = try? JSON.numberTexts(in: line).objectValue?[key]
    if let elements = value.arrayValue {
      guard elements.count == 1 else { return nil }
      return Self.text(elements[0], texts?.arrayValue?.first)
    }
    guard let text = value.stringValue else { return Self.text(value, texts) }
    guard let quoted = Self.quotedTexts(text) else { return Self.text(value, nil) }
    return quoted.count == 1 ? Self.text(.string(quoted[0]), nil) : nil
  }

  private static func text(_ value: JSON, _ written: JSON?) -> String? {
    if let text = value.stringValue { return isBlank(text) ? nil : text }
    if let number = value.intValue { return String(number) }
    guard case .real(let number) = value else { return nil }
    let digits = number.description
    guard let written = written?.stringValue,
      DecimalDigits(written) != DecimalDigits(digits) || written == "-0"
    else { return digits }
    return written == "-0" ? "0" : written
  }

  private static func isBlank(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
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
