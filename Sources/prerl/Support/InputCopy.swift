// Inputs that can be read only once: pipes, `/dev/stdin`, a shell's `<( )`.
import Foundation
import Runs
import Synchronization

/// Copies of such inputs. They are read once, at their first use, and kept until the program ends: a run
/// hashes its input, reads it, and may read it again.
enum InputCopy {
  private static let copies = Mutex<[String: FileHandle]>([:])

  /// Where to read an input: its own path, or that of the copy if it is not a file.
  ///
  /// The first signal ends the program while it waits for the writer of a pipe.
  static func path(of input: String) throws(OutputError) -> String {
    if let copy = copies.withLock({ $0[input] }) { return path(of: copy) }
    guard FileKind(input) == .other else { return input }
    do {
      let copy = try Interruption.endingAtOnce { try copied(input) }
      copies.withLock { $0[input] = copy }
      return path(of: copy)
    } catch {
      throw .machine(input, "cannot be copied to a temporary file", error)
    }
  }

  private static func path(of copy: FileHandle) -> String {
    "/proc/self/fd/\(copy.fileDescriptor)"
  }

  /// An open file without a name, so that nothing stays behind however the program ends.
  private static func copied(_ input: String) throws -> FileHandle {
    let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: input))
    defer { try? source.close() }
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("prerl-input-\(UUID().uuidString)")
    try Data().write(to: place, options: .withoutOverwriting)
    let opened = Result { try FileHandle(forUpdating: place) }
    try FileManager.default.removeItem(at: place)
    let copy = try opened.get()
    while let piece = try source.read(upToCount: 1 << 20), !piece.isEmpty {
      try copy.write(contentsOf: piece)
    }
    return copy
  }
}
