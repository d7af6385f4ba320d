// Errors of a checkpoint folder.

/// A checkpoint that cannot be used. The message is one line: file, what is wrong, what was
/// expected.
public struct CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or folder.
  public let path: String
  /// What is wrong and what was expected.
  public let message: String

  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  public var description: String { "\(path): \(message)" }
}
