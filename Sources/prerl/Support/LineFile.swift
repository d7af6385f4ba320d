// A text file that is written line by line.
import Foundation
import Runs

/// A new file. Each line is passed to the operating system at once, so that it survives a crash of
/// the program.
struct LineFile {
  private let path: String
  private let handle: FileHandle

  /// Creates an empty file, replacing an existing one.
  init(_ path: String) throws(OutputError) {
    self.path = path
    do {
      try Data().write(to: URL(fileURLWithPath: path))
      handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    } catch {
      throw .machine(path, "cannot write", error)
    }
  }

  func write(_ line: String) throws(OutputError) {
    do {
      try handle.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      throw .machine(path, "cannot write", error)
    }
  }

  /// Flushes the file to disk.
  func close() throws(OutputError) {
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw .machine(path, "cannot force data to the disk", error)
    }
  }
}
