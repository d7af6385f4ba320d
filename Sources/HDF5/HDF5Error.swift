// Errors of HDF5 files, each as one line.
import Foundation

/// A failed operation on an HDF5 file.
public struct HDF5Error: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, as the caller named it.
  public let path: String
  /// `/group/dataset` or `/group/dataset@attribute`; nil where the file itself is concerned.
  public let object: String?
  /// What is wrong; joins the top and the bottom of libhdf5's error stack if that adds information.
  public let message: String
  /// The `errno` of the failure, if the operating system reported one.
  public let systemError: CInt?
  /// Whether data of an open file could not be forced to the disk.
  let isWriting: Bool

  /// No space left: disk, quota or the largest file allowed.
  public var isOutOfSpace: Bool {
    guard let systemError else { return false }
    return [ENOSPC, EDQUOT, EFBIG].contains(systemError)
  }

  /// The machine refused or failed (I/O, space, permission, resources), as opposed to a file that is
  /// absent or malformed and to a wrong request.
  public var isMachineFailure: Bool {
    guard let systemError else { return false }
    return isWriting
      || ![ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL].contains(systemError)
  }

  /// `PATH: /object: message`, always one line.
  public var description: String {
    let text = [path, object, message].compactMap(\.self).joined(separator: ": ")
    return String(text.map { $0.isNewline ? " " : $0 })
  }
}

/// The system's message for an error number.
func describe(_ systemError: CInt) -> String { String(cString: strerror(systemError)) }
