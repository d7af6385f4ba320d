// Temporary folders of commands, which do not pile up when commands are killed.
import Foundation
import Runs

/// Runs `body` with a temporary folder, which is removed afterwards.
///
/// The folder is locked while the program runs. Folders without a lock are what killed programs have
/// left, and are removed first.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let parent = FileManager.default.temporaryDirectory
  removeAbandonedFolders(in: parent.path)
  while true {
    let folder = parent.appendingPathComponent(folderPrefix + UUID().uuidString)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    } catch {
      throw OutputError.machine(
        parent.path, "no temporary folder can be made in it (TMPDIR)", error)
    }
    // Another program that looks for abandoned folders may have been faster than the lock.
    guard let lock = try? LockedFolder(folder.path), FileKind(folder.path) == .folder else {
      continue
    }
    return try withExtendedLifetime(lock) {
      defer { try? FileManager.default.removeItem(at: folder) }
      return try body(folder.path)
    }
  }
}

private let folderPrefix = "prerl-"

private func removeAbandonedFolders(in parent: String) {
  for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
    guard name.hasPrefix(folderPrefix),
      UUID(uuidString: String(name.dropFirst(folderPrefix.count))) != nil,
      let lock = try? LockedFolder(parent + "/" + name), lock.isExclusive
    else { continue }
    withExtendedLifetime(lock) {
      try? FileManager.default.removeItem(atPath: parent + "/" + name)
    }
  }
}
