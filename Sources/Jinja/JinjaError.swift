// Errors of a template: in its text, or while it is rendered.

/// One error, as one line: what is wrong, with the line of the template.
public struct JinjaError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Whose decision or limit it is.
  public enum Kind: Sendable {
    /// The text is not a template.
    case syntax
    /// The template uses something that this interpreter does not implement.
    case unsupported
    /// The template refuses its input with `raise_exception`, or Jinja would fail on it.
    case refused
    /// The template writes today's date, and none is given.
    case needsDate
    /// Rendering needs more steps, text or depth than is allowed.
    case limit
  }

  /// Whose decision or limit it is.
  public let kind: Kind
  /// What is wrong.
  public let message: String
  /// The line of the template, from 1; nil where no line is known.
  public var line: Int?

  init(_ kind: Kind, _ message: String, line: Int? = nil) {
    self.kind = kind
    self.message = message
    self.line = line
  }

  /// `line N: message`.
  public var description: String { line.map { "line \($0): \(message)" } ?? message }
}
