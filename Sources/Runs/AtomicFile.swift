// Publishes files atomically: a path never names an incomplete file.
import Foundation
import Glibc

/// Checks an output before a run and publishes it afterwards: temporary file in the same folder,
/// fsync, rename, fsync of the folder.
public enum AtomicFile {
  /// Refuses an output that could not be published, before any work is done.
  ///
  /// Usage errors: an absent parent folder (folders are never created), a folder or device at the
  /// path of the output, an output that exists without `overwrite`, `-`, a name that leaves no room for
  /// those of the temporary file and the journal. Machine error: a folder that cannot be written to.
  public static func check(_ path: String, overwrite: Bool) throws(OutputError) {
    guard !path.isEmpty else { throw .usage("--output", "the path is empty (expected a file)") }
    if path == "-" {
      throw .usage(
        path, "results do not go to standard output (expected a file; ./- names this one)")
    }
    let parent = folder(of: target(of: path))
    guard FileKind(parent) == .folder else {
      throw .usage(path, "the folder \(parent) does not exist (expected it to be there)")
    }
    if isLink(target(of: path)) {
      throw .usage(path, "this link leads in circles (expected a file, or nothing)")
    }
    if path.hasSuffix("/") { throw .usage(path, "this names a folder (expected a file)") }
    try checkLength(of: path, in: parent)
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
  /// one output, two outputs that are the same file, and an output that would replace an input or be
  /// the journal of another output.
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
      for other in outputs
      where journals(of: other).contains(where: { isSameFile($0, output) }) {
        throw .usage(output, "this is the journal of \(other) (expected another name)")
      }
    }
    for output in outputs { try check(output, overwrite: overwrite) }
  }

  /// Calls `write` with a temporary path in the same folder, then renames that file. A file that is
  /// replaced leaves its permissions and, where that is allowed, its owner to the new one.
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
    let temporary = "\(parent)/\(temporaryName(of: name))"
    do {
      try write(temporary)
      try keepAttributes(of: path, on: temporary)
      try sync(temporary)
      // Foundation's moveItem does not replace, and its replaceItemAt fails on Linux. The pointers
      // are those of two strings, for the length of the call.
      guard unsafe rename(temporary, path) == 0 else {
        throw OutputError.machine(
          path, "cannot rename the finished file", POSIXError(.init(rawValue: errno) ?? .EIO))
      }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      // Errors of the system do not say which file they are about.
      let isOfSystem = [NSCocoaErrorDomain, NSPOSIXErrorDomain].contains((error as NSError).domain)
      throw isOfSystem ? OutputError.machine(path, "cannot write", error) : error
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

  private static func temporaryName(of name: String) -> String {
    ".\(name).\(getpid())\(temporarySuffix)"
  }

  /// The journals of an output: its own, and where rollouts are sampled first, theirs.
  private static func journals(of output: String) -> [String] {
    [output, output + ".rollouts"].map(Journal.path(for:))
  }

  /// Refuses a name to which too little can be added; the longest name is the file system's.
  private static func checkLength(of path: String, in parent: String) throws(OutputError) {
    let name = URL(fileURLWithPath: target(of: path)).lastPathComponent
    // The longest name that a command makes.
    let derived =
      ([temporaryName(of: name)] + journals(of: name)).map(\.utf8.count).max() ?? 0
    // The pointer is that of a string, for the length of the call. It answers -1 without a limit.
    let limit = unsafe pathconf(parent, Int32(_PC_NAME_MAX))
    guard limit > 0, derived > limit else { return }
    throw .usage(
      path,
      "a name of \(name.utf8.count) bytes (expected at most \(limit - derived + name.utf8.count): "
        + "temporary files have a longer one)")
  }

  /// Gives a new file the permissions and the owner of the one that it replaces.
  private static func keepAttributes(of path: String, on temporary: String) throws {
    let files = FileManager.default
    guard let old = try? files.attributesOfItem(atPath: path) else { return }
    for key in [FileAttributeKey.ownerAccountID, .groupOwnerAccountID] {
      // Others than the superuser may not give files away.
      if let id = old[key] { try? files.setAttributes([key: id], ofItemAtPath: temporary) }
    }
    if let permissions = old[.posixPermissions] {
      try files.setAttributes([.posixPermissions: permissions], ofItemAtPath: temporary)
    }
  }

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

  static func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }

  /// The target of a symbolic link, so that a link to an output remains a link. The target may be
  /// absent.
  static func target(of path: String) -> String {
    var url = URL(fileURLWithPath: path)
    // As many links as the system follows.
    for _ in 0..<40 {
      guard
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)
      else { break }
      url = URL(fileURLWithPath: target, relativeTo: url.deletingLastPathComponent())
    }
    return url.resolvingSymlinksInPath().path
  }
}
