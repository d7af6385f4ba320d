// The pre-tokenizer `Digits`: digits are texts of their own before words are found.

/// How digits are split off.
enum DigitSplit: Sendable {
  /// They are not.
  case never
  /// Every run of digits is a text of its own.
  case runs
  /// Every digit is (SmolLM).
  case single

  /// Where the text that starts at `start` ends; `end` is the end of the whole.
  func textEnd(in text: [UInt8], from start: Int, to end: Int) -> Int {
    guard self != .never else { return end }
    let isNumber = Self.isNumeric(text.scalar(at: start))
    var index = start
    repeat {
      index += UTF8.width(text.scalar(at: index))
      if isNumber, self == .single { return index }
    } while index < end && Self.isNumeric(text.scalar(at: index)) == isNumber
    return index
  }

  /// Rust's `char::is_numeric`, whose tables are newer than those of the split patterns.
  private static func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return ("0"..."9").contains(scalar) }
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }
}
