// Standard output and standard error.
import Foundation
import Glibc
import Runs

enum Console {
  /// Writes a result to standard output, and a newline unless `asItIs`.
  ///
  /// A closed pipe (`prerl … | head`) is not an error; a full disk is.
  static func print(_ text: String, asItIs: Bool = false) throws(OutputError) {
    do {
      let line = asItIs || text.hasSuffix("\n") ? text : text + "\n"
      try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
    } catch {
      var cause = error as NSError
      while let below = cause.userInfo[NSUnderlyingErrorKey] as? NSError { cause = below }
      if cause.domain == NSPOSIXErrorDomain, cause.code == Int(EPIPE) { return }
      throw .machine("standard output", "cannot write", error)
    }
  }

  /// Writes one line to standard error, and ignores a failure to do so.
  static func note(_ line: String) {
    write(line + "\n")
  }

  /// Writes text to standard error without a newline.
  static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Whether standard error is a terminal.
  static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }
}
