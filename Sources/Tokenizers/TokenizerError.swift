// Errors of a tokenizer file or of a text.

/// One line that says what is wrong, and in parentheses what was expected.
public struct TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Which promise is broken.
  public enum Kind: Sendable {
    /// The file is malformed.
    case malformed
    /// There is no such file or setting.
    case absent
    /// The file asks for something that is not implemented.
    case unsupported
    /// The text has a word that the vocabulary lacks.
    case unknownWord
    /// There is no token with this id.
    case unknownToken
    /// The machine failed: permission, reading, writing.
    case machine
  }

  /// Which promise is broken.
  public let kind: Kind
  /// The file, where a file is at fault.
  public let path: String?
  /// What is wrong, and in parentheses what was expected.
  public let message: String

  /// Whether only something optional is not there.
  public var isAbsence: Bool { kind == .absent }

  init(_ kind: Kind, _ message: String, path: String? = nil) {
    self.kind = kind
    self.message = message
    self.path = path
  }

  /// `PATH: message`.
  public var description: String {
    path.map { "\($0): \(message)" } ?? message
  }
}
