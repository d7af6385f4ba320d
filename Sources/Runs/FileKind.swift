// The kind of file at a path.
import Foundation

/// A file, a folder, something else or nothing.
package enum FileKind {
  case absent
  case folder
  case file
  case other

  /// Looks a path up, through symbolic links.
  package init(_ path: String) {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    switch try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType {
    case nil: self = .absent
    case .typeDirectory: self = .folder
    case .typeRegular: self = .file
    default: self = .other
    }
  }
}
