// An error in a line of a file, without the file's name and the line's number.

/// One line that says what is wrong, and in parentheses what was expected.
public struct LineFault: Error, Equatable, Sendable {
  /// The message.
  public let message: String

  /// A fault with its message.
  public init(_ message: String) {
    self.message = message
  }
}
