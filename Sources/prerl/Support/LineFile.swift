// A text file that grows by a line at a time.
import Foundation
import Runs

/// A new file; each line is handed to the system when it is written, so that it outlives the program.
struct LineFile {
  private let path: String
  private let handle: FileHandle

  /// Makes the file, empty; an older one is replaced.
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

  /// Forces what was written to the disk.
  func close() throws(OutputError) {
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw .machine(path, "cannot force data to the disk", error)
    }
  }
}
