// Errors in a file of rollouts or problems.

/// One error, as one line: `PATH:LINE: what is wrong (what was expected)`.
public struct TaskFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Kind: Sendable {
    /// The file is absent or malformed.
    case input
    /// The machine failed: permission, reading, writing.
    case machine
  }

  /// Whose fault it is.
  public let kind: Kind
  /// The file.
  public let path: String
  /// The line, from 1; nil where the fault lies in no line.
  public let line: Int?
  /// What is wrong, and in parentheses what was expected.
  public let message: String

  /// An error at a line of a file.
  public init(_ message: String, path: String, line: Int? = nil, kind: Kind = .input) {
    self.message = message
    self.path = path
    self.line = line
    self.kind = kind
  }

  /// `PATH:LINE: message`.
  public var description: String {
    line.map { "\(path):\($0): \(message)" } ?? "\(path): \(message)"
  }
}
