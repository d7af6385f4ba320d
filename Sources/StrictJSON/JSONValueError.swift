// A value that is valid JSON but not what the reader of a configuration asked for.

/// What is wrong with one value and what was expected.
public struct JSONValueError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The keys that lead to the value: `model.hidden_size`, `stages[2].steps`; empty at the top.
  public let path: String
  /// One line: what was found, and in parentheses what was expected.
  public let message: String

  /// An error at a path, for checks that the reader does not know.
  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  /// The path and the message.
  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
