// What kind of thing a path names.
import Foundation

/// Looks paths up, through symbolic links.
enum FileType {
  /// The type of what is at the path, or nil when there is nothing.
  static func of(_ path: String) -> FileAttributeType? {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    return attributes?[.type] as? FileAttributeType
  }
}
