// Files and folders that only one process may write at a time.
import Foundation
import Glibc

/// A folder that only one process may write into at a time: an exclusive lock on it, which is
/// released with this object, or when the process ends in any way.
public final class LockedFolder {
  private let handle: FileHandle
  /// False on file systems without locks, where others may be writing.
  package let isExclusive: Bool

  /// Locks an existing folder. A folder that another process has locked is a usage error.
  public init(_ path: String) throws(OutputError) {
    do {
      handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    } catch {
      throw .machine(path, "cannot open the folder", error)
    }
    isExclusive = try lock(handle, path, "another process is writing into this folder")
  }

  deinit {
    _ = flock(handle.fileDescriptor, LOCK_UN)
    try? handle.close()
  }
}

/// Locks an open file or folder for this process only, and closes it if that fails. Returns false
/// on file systems without locks (Lustre mounted without flock), where the caller continues without
/// a lock.
private func lock(
  _ handle: FileHandle, _ path: String, _ refusal: String
) throws(OutputError) -> Bool {
  // Programs that this one starts must not keep the lock when this one is killed.
  _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
  if flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 { return true }
  let code = errno
  try? handle.close()
  if code == EWOULDBLOCK { throw .usage(path, "\(refusal) (expected to be alone)") }
  guard code == ENOSYS || code == EOPNOTSUPP || code == ENOLCK else {
    throw .machine(path, "cannot lock", POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO))
  }
  return false
}

/// An open file under an exclusive lock, which is released by `close`, with this object, or when
/// the process ends in any way.
final class LockedFile {
  /// For reading and writing.
  let handle: FileHandle
  private var isOpen = true

  /// Opens the file, created empty when absent. A file that another process has locked is a usage
  /// error, everything else a machine error.
  init(_ path: String) throws(OutputError) {
    // A run that finishes removes its journal; a lock won just then is on a file without a name.
    for _ in 0..<100 {
      let handle = try Self.openOrCreate(path)
      guard try lock(handle, path, "another process is writing this file") else {
        self.handle = try Self.openOrCreate(path)
        return
      }
      let name = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/fd/\(handle.fileDescriptor)")
      if name?.hasSuffix(" (deleted)") != true {
        self.handle = handle
        return
      }
      try? handle.close()
    }
    throw .usage(path, "other processes keep replacing this file (expected to be alone)")
  }

  deinit {
    try? close()
  }

  /// Unlocks and closes; a second call does nothing.
  func close() throws {
    guard isOpen else { return }
    isOpen = false
    // Closing alone is not enough: a program being started at this moment has a copy of the
    // descriptor until it runs, and with it the lock.
    _ = flock(handle.fileDescriptor, LOCK_UN)
    try handle.close()
  }

  private static func openOrCreate(_ path: String) throws(OutputError) -> FileHandle {
    let url = URL(fileURLWithPath: path)
    do {
      if FileKind(path) == .absent {
        // Exclusive, so that a file that appears meanwhile is not emptied.
        do {
          try Data().write(to: url, options: .withoutOverwriting)
        } catch CocoaError.fileWriteFileExists {}
      }
      return try FileHandle(forUpdating: url)
    } catch {
      throw .machine(path, "cannot open for writing", error)
    }
  }
}
