// The kind of file at a path.
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
}
