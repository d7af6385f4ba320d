// Reads the files of a tokenizer.
import Foundation

enum TextFile {
  /// The largest accepted file, larger than any vocabulary.
  private static let limit = 1 << 28

  /// The bytes of a regular file; `name` is what messages expect in its place.
  static func bytes(_ path: String, name: String) throws(TokenizerError) -> [UInt8] {
    // Devices and pipes are refused before they are opened: reading one may never end.
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
      throw TokenizerError(.malformed, "no such file (expected a \(name))", path: path)
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw TokenizerError(.malformed, "is not a file (expected a \(name))", path: path)
    }
    guard let size = attributes[.size] as? Int, size <= limit else {
      throw TokenizerError(
        .malformed, "is larger than \(limit) bytes (expected a \(name))", path: path)
    }
    guard let data = FileManager.default.contents(atPath: target) else {
      throw TokenizerError(.machine, "cannot be read (expected a \(name))", path: path)
    }
    return [UInt8](data)
  }
}
