// The error of a text that is not JSON.

/// The first place where a text breaks the grammar of JSON (RFC 8259) or one of the scanner's
/// further rules.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The offset in bytes from the start of the text.
  public let offset: Int
  /// The line, from 1.
  public let line: Int
  /// The column in Unicode scalars, from 1.
  public let column: Int
  /// One line that says what is wrong.
  public let message: String
  /// The repeated key, if the error is that a key occurs twice in one object.
  public let duplicateKey: String?

  /// The message with its line and column.
  public var description: String { "\(message) at line \(line), column \(column)" }

  init(_ message: String, at offset: Int, in bytes: Span<UInt8>, duplicateKey: String? = nil) {
    var line = 1
    var column = 1
    for index in 0..<min(offset, bytes.count) {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {  // not a continuation byte of UTF-8
        column += 1
      }
    }
    self.offset = offset
    self.line = line
    self.column = column
    self.message = message
    self.duplicateKey = duplicateKey
  }
}
