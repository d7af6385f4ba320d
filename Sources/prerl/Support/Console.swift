// Standard output and standard error.
import Foundation
import Glibc
import Runs

enum Console {
  /// Writes a result to standard output, with a newline at the end unless it is taken as it is.
  ///
  /// A reader that has gone (`prerl … | head`) is no error; a full disk behind standard output is.
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

  /// Writes one line to standard error; where that is not possible there is nobody to tell.
  static func note(_ line: String) {
    write(line + "\n")
  }

  /// Writes text to standard error as it is.
  static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Whether a person looks at standard error.
  static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }
}
