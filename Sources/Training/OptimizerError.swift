// What is wrong with a file of optimizer state.

/// A file that holds no optimizer of this model.
public struct OptimizerError: Error, Equatable, Sendable, CustomStringConvertible {
  public let path: String
  public let message: String

  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  /// `PATH: what is wrong (what was expected)`.
  public var description: String { "\(path): \(message)" }
}
