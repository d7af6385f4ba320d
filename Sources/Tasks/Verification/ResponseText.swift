// Bytes of a response, as the search for its answer reads them.

/// Questions about the bytes of a response.
enum ResponseText {
  /// Whether the given text of lower-case letters and signs is here, ignoring case.
  static func matches(_ text: [UInt8], _ bytes: Span<UInt8>, at start: Int) -> Bool {
    guard start >= 0, start + text.count <= bytes.count else { return false }
    for (offset, expected) in text.enumerated() {
      let byte = bytes[start + offset]
      guard byte == expected || isLetter(byte) && byte | 0x20 == expected else { return false }
    }
    return true
  }

  static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
    return end
  }

  /// The word of letters that begins here, in lower case.
  static func word(_ bytes: Span<UInt8>, at start: Int) -> [UInt8] {
    var word: [UInt8] = []
    var index = start
    while index < bytes.count, isLetter(bytes[index]), word.count < 32 {
      word.append(bytes[index] | 0x20)
      index += 1
    }
    return word
  }

  static func text(_ range: Range<Int>, of bytes: Span<UInt8>) -> String {
    String(decoding: range.map { bytes[$0] }, as: UTF8.self)
  }

  /// A range without surrounding spaces and, if requested, without punctuation and Markdown.
  static func trimmed(
    _ range: Range<Int>, in bytes: Span<UInt8>, punctuation: Bool
  ) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isSpace(bytes[start]) { start += 1 }
    while start < end, isSpace(bytes[end - 1]) || punctuation && isPunctuation(bytes[end - 1]) {
      if punctuation, isRepetition(start..<end, in: bytes) { break }
      end -= 1
    }
    return start..<end
  }

  /// Whether a range ends with three dots that belong to a decimal: 0.333... is no 0.333.
  private static func isRepetition(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    guard range.count > 5, matches(dots, bytes, at: range.upperBound - 3) else { return false }
    var index = range.upperBound - 4
    let last = index
    while index > range.lowerBound, isDigit(bytes[index]) { index -= 1 }
    return index < last && bytes[index] == UInt8(ascii: ".")
  }

  private static let dots = Array("...".utf8)

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 9...13 ~= byte }

  static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }

  static func isEmphasis(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "`")
  }

  private static func isPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "`"),
      UInt8(ascii: "\""):
      true
    default: false
    }
  }
}
