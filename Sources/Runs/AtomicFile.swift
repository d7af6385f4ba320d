// Publishes files atomically: a path never names an incomplete file.
import Foundation
import Glibc

/// Checks an output before a run and publishes it afterwards: temporary file in the same folder,
/// fsync, rename, fsync of the folder.
public enum AtomicFile {
  /// Refuses an output that could not be published, before any work is done.
  ///
  /// Usage errors: an absent parent folder (folders are never created), a folder or device at the
  /// path of the output, an output that exists without `overwrite`. Machine error: a folder that
  /// cannot be written to.
  public static func check(_ path: String, overwrite: Bool) throws(OutputError) {
    guard !path.isEmpty else { throw .usage("--output", "the path is empty (expected a file)") }
    let parent = folder(of: path)
    guard FileKind(parent) == .folder else {
      throw .usage(path, "the folder \(parent) does not exist (expected it to be there)")
    }
    if path.hasSuffix("/") { throw .usage(path, "this names a folder (expected a file)") }
    if FileKind(path) != .absent {
      guard FileKind(path) == .file else {
        throw .usage(path, "this is not a regular file (expected one, or nothing)")
      }
      guard overwrite else {
        throw .usage(path, "the file exists already (--overwrite replaces it)")
      }
    }
    guard FileManager.default.isWritableFile(atPath: parent) else {
      throw .machine(path, "cannot write into \(parent)", POSIXError(.EACCES))
    }
  }

  /// Refuses the outputs of one run before any work is done: everything that `check` refuses for
  /// one output, two outputs that are the same file, and an output that would replace an input.
  public static func check(
    _ outputs: [String], inputs: [String], overwrite: Bool
  ) throws(OutputError) {
    for (place, output) in outputs.enumerated() where !output.isEmpty {
      if inputs.contains(where: { isSameFile($0, output) }) {
        throw .usage(output, "this is an input of the same run (expected another file)")
      }
      if outputs[..<place].contains(where: { isSameFile($0, output) }) {
        throw .usage(output, "two outputs have this name (expected a file for each)")
      }
    }
    for output in outputs { try check(output, overwrite: overwrite) }
  }

  /// Calls `write` with a temporary path in the same folder, then renames that file.
  ///
  /// If `write` throws, the temporary file is removed. The temporary file of a killed process is
  /// removed by the next publication of the same path. An output has one writer at a time.
  /// - Parameter overwrite: whether a file that has appeared at the path may be replaced.
  public static func publish(
    _ path: String, overwrite: Bool, write: (_ temporaryPath: String) throws -> Void
  ) throws {
    try check(path, overwrite: overwrite)
    let path = target(of: path)
    let (parent, name) = (folder(of: path), URL(fileURLWithPath: path).lastPathComponent)
    let prefix = ".\(name)."
    for leftover in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    where leftover.hasPrefix(prefix) && leftover.hasSuffix(temporarySuffix) {
      try? FileManager.default.removeItem(atPath: parent + "/" + leftover)
    }
    let temporary = "\(parent)/\(prefix)\(getpid())\(temporarySuffix)"
    do {
      try write(temporary)
      try sync(temporary)
      // Foundation's moveItem does not replace, and its replaceItemAt fails on Linux. The pointers
      // are those of two strings, for the length of the call.
      guard unsafe rename(temporary, path) == 0 else {
        throw OutputError.machine(
          path, "cannot rename the finished file", POSIXError(.init(rawValue: errno) ?? .EIO))
      }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    try syncFolder(of: path)
  }

  /// Publishes bytes.
  public static func publish(
    _ bytes: [UInt8], to path: String, overwrite: Bool
  ) throws(OutputError) {
    do {
      try publish(path, overwrite: overwrite) { temporary in
        try Data(bytes).write(to: URL(fileURLWithPath: temporary))
      }
    } catch {
      throw .machine(path, "cannot write", error)
    }
  }

  /// Publishes a text as UTF-8.
  public static func publish(
    _ text: String, to path: String, overwrite: Bool
  ) throws(OutputError) {
    try publish(Array(text.utf8), to: path, overwrite: overwrite)
  }

  // MARK: - Parts

  private static let temporarySuffix = ".partial"

  /// Flushes a file or folder to disk.
  private static func sync(_ path: String) throws(OutputError) {
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      try handle.synchronize()
    } catch {
      throw .machine(path, "cannot force data to the disk", error)
    }
  }

  /// Flushes the folder's entry of a new file to disk.
  static func syncFolder(of path: String) throws(OutputError) {
    try sync(folder(of: path))
  }

  /// The folder of a path, "." for a bare name.
  private static func folder(of path: String) -> String {
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return parent.isEmpty ? "." : parent
  }

  /// Whether two paths lead to the same file, by links of any kind.
  private static func isSameFile(_ one: String, _ other: String) -> Bool {
    func identity(_ path: String) -> [Int]? {
      let attributes = try? FileManager.default.attributesOfItem(atPath: target(of: path))
      guard let device = attributes?[.systemNumber] as? Int,
        let file = attributes?[.systemFileNumber] as? Int
      else { return nil }
      return [device, file]
    }
    if target(of: one) == target(of: other) { return true }
    guard let first = identity(one), let second = identity(other) else { return false }
    return first == second
  }

  /// The target of a symbolic link, so that a link to an output remains a link.
  private static func target(of path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}
