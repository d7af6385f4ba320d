// The printable character that byte-level vocabularies write for each byte.

/// GPT-2's `bytes_to_unicode`: printable bytes of Latin-1 map to themselves, the 68 others to the
/// characters from U+0100 on.
enum ByteAlphabet {
  /// The character of each byte.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
        return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "\u{FFFD}"
      }
    }
  }()

  private static let byteOfCharacter: [Unicode.Scalar: UInt8] = .init(
    uniqueKeysWithValues: characters.enumerated().map { ($0.element, UInt8($0.offset)) })

  /// The bytes of a token; nil if a character is not in the alphabet.
  static func bytes(of token: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(token.utf8.count)
    for scalar in token.unicodeScalars {
      guard let byte = byteOfCharacter[scalar] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
