// Errors of output files: those of the caller and those of the machine.
import Foundation

/// One line about a file: what is wrong, where, and what was expected.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Whose fault it is.
  public enum Kind: Sendable, Hashable {
    /// A usage error or a wrong file: exit status 2.
    case usage
    /// The machine (permission, I/O, disk full): exit status 3.
    case machine
  }

  /// Whose fault it is.
  public let kind: Kind
  /// The file.
  public let path: String
  /// What is wrong with it.
  public let message: String

  /// 2 or 3, the exit status that the command line promises.
  public var exitStatus: Int32 {
    switch kind {
    case .usage: 2
    case .machine: 3
    }
  }

  /// `PATH: what is wrong (what was expected)`.
  public var description: String { "\(path): \(message)" }

  /// A mistake in how the program was called.
  public static func usage(_ path: String, _ message: String) -> OutputError {
    OutputError(kind: .usage, path: path, message: message)
  }

  /// A failure of the machine while `doing` something ("cannot write"), with the system's reason.
  public static func machine(_ path: String, _ doing: String, _ cause: any Error) -> OutputError {
    if let error = cause as? OutputError { return error }
    return OutputError(kind: .machine, path: path, message: "\(doing): \(reason(of: cause))")
  }

  /// A failure of the machine with a message of its own.
  package static func machine(_ path: String, _ message: String) -> OutputError {
    OutputError(kind: .machine, path: path, message: message)
  }

  /// The system's message, such as "No space left on device", without Foundation's wrapping.
  static func reason(of error: any Error) -> String {
    var error = error as NSError
    while let below = error.userInfo[NSUnderlyingErrorKey] as? NSError { error = below }
    let text = error.localizedFailureReason ?? error.localizedDescription
    return text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
