// Unicode scalars of valid UTF-8 and their classes for the tokenizers.

extension [UInt8] {
  /// The scalar whose first byte is at `index`; the bytes are those of a `String`.
  @inline(__always)
  func scalar(at index: Int) -> Unicode.Scalar {
    let first = UInt32(self[index])
    let value: UInt32
    switch first {
    case ..<0x80: value = first
    case ..<0xE0: value = (first & 0x1F) << 6 | trail(index + 1)
    case ..<0xF0: value = (first & 0x0F) << 12 | trail(index + 1) << 6 | trail(index + 2)
    default:
      value =
        (first & 0x07) << 18 | trail(index + 1) << 12 | trail(index + 2) << 6 | trail(index + 3)
    }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  /// The scalar whose last byte is before `index`.
  func scalar(endingAt index: Int) -> Unicode.Scalar {
    var start = index - 1
    while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(at: start)
  }

  @inline(__always)
  private func trail(_ index: Int) -> UInt32 { UInt32(self[index]) & 0x3F }
}

extension Unicode.Scalar {
  /// Whether a table of that version of Unicode already had the scalar.
  func isKnown(inVersion major: Int) -> Bool {
    properties.age.map { $0.major <= major } ?? false
  }

  /// `\w` of Hugging Face's regular expressions, whose tables are those of Unicode 16.
  var isWordCharacter: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      isKnown(inVersion: 16)
    default:
      (properties.isAlphabetic || properties.isJoinControl) && isKnown(inVersion: 16)
    }
  }
}

/// The classes that the split patterns distinguish.
enum ScalarClass {
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `[\r\n]`
  case lineBreak
  /// The rest of `\s`.
  case space
  /// The rest.
  case other

  /// The class by the tables of Unicode 16, which Hugging Face's tokenizers 0.23 have; what later
  /// versions assigned is `other`.
  @inline(__always)
  init(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x61...0x7A, 0x41...0x5A: self = .letter
    case 0x30...0x39: self = .number
    case 0x0A, 0x0D: self = .lineBreak
    case 0x20, 0x09, 0x0B, 0x0C: self = .space
    case ..<0x80: self = .other
    default: self.init(beyondASCII: scalar)
    }
  }

  private init(beyondASCII scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = scalar.isKnown(inVersion: 16) ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      self = scalar.isKnown(inVersion: 16) ? .number : .other
    default:
      self = scalar.properties.isWhitespace ? .space : .other
    }
  }
}
