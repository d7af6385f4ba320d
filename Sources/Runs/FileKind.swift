// The kind of file at a path.
import Foundation
import Glibc

/// A file, a folder, something else or nothing.
package enum FileKind {
  case absent
  case folder
  case file
  case other

  /// Looks a path up, through symbolic links. A link to nothing is absent.
  ///
  /// The system follows links, since `/dev/stdin` and the descriptors of a shell's `<( )` have a target
  /// whose name is no path.
  package init(_ path: String) {
    // The pointers are those of a string and a local value, for the length of the call.
    var information = stat()
    guard unsafe stat(path, &information) == 0 else {
      self = .absent
      return
    }
    switch information.st_mode & S_IFMT {
    case S_IFDIR: self = .folder
    case S_IFREG: self = .file
    default: self = .other
    }
  }

  /// The bytes of a regular file; nil for everything else, which may never end (a FIFO, a device), and
  /// for a file that cannot be read.
  package static func contents(ofFile path: String) -> Data? {
    FileKind(path) == .file ? FileManager.default.contents(atPath: path) : nil
  }
}
