// What is wrong with one line, before it is known which line of which file it is.

/// One line that says what is wrong, and in parentheses what was expected.
public struct LineFault: Error, Equatable, Sendable {
  /// The line for people.
  public let message: String

  /// A fault with its message.
  public init(_ message: String) {
    self.message = message
  }
}
