// The SHA-256 of a file, read in pieces so that a checkpoint never has to fit in memory.
import Foundation

extension SHA256 {
  /// The hash of a file's bytes and their number. An absent file is a usage error, a failing read
  /// a machine error.
  public static func ofFile(_ path: String) throws(OutputError) -> (hash: String, byteCount: Int) {
    let kind = FileKind(path)
    guard kind != .absent else {
      throw .usage(path, "there is no such file (expected one to read)")
    }
    guard kind == .file else {
      let name = kind == .folder ? "a folder" : "no regular file"
      throw .usage(path, "this is \(name) (expected a file)")
    }
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      var hash = SHA256()
      var byteCount = 0
      while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
        hash.update(piece.span)
        byteCount += piece.count
      }
      return (hash.finish(), byteCount)
    } catch {
      throw .machine(path, "cannot read", error)
    }
  }
}
