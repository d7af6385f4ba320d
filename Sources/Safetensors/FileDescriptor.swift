// Files of the operating system; the only place that calls it.
#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// An open file, closed with its last reference. Reading keeps no position, so threads can share it.
final class FileDescriptor: Sendable {
  let path: String
  private let descriptor: Int32

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }

  // MARK: - Reading

  /// Opens a regular file for reading and tells its size. Never waits for the other end of a FIFO.
  static func reading(
    _ path: String
  ) throws(SafetensorsError) -> (file: FileDescriptor, size: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw systemError("open", path) }
    let file = FileDescriptor(path: path, descriptor: descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError("open", path) }
    if let kind = kindOfSpecialFile(status) {
      throw SafetensorsError(path, .notARegularFile(found: kind))
    }
    return (file, Int(status.st_size))
  }

  /// Fills the buffer from a place of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SafetensorsError) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      switch count {
      case 0:
        throw SafetensorsError(
          path, .endedEarly(offset: offset + done, missing: buffer.count - done))
      case ..<0:
        if errno != EINTR { throw systemError("read", path) }
      default: done += count
      }
    }
  }

  /// Bytes from a place of the file; the caller has checked the count against the file's size.
  func read(count: Int, at offset: Int) throws(SafetensorsError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: SafetensorsError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(SafetensorsError) {
        try read(into: buffer, at: offset)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The whole file in memory.
  func mapped(size: Int) throws(SafetensorsError) -> FileMapping {
    try FileMapping(descriptor, size: size, path: path)
  }

  // MARK: - Writing

  /// Writes a new file next to `path` and renames it to `path` after the body has succeeded and the
  /// bytes are on disk. On any failure before that the new file is removed and the old one is
  /// unchanged.
  static func replacing(
    _ path: String, _ body: (FileDescriptor) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    var status = stat()
    // A rename would silently replace a device or a FIFO.
    if stat(path, &status) == 0, let kind = kindOfSpecialFile(status) {
      throw SafetensorsError(path, .notARegularFile(found: kind))
    }
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw systemError("write", path) }
    do throws(SafetensorsError) {
      let file = FileDescriptor(path: path, descriptor: descriptor)
      try body(file)
      try file.synchronize()
      guard rename(temporary, path) == 0 else { throw systemError("write", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronizeDirectory(of: path)
  }

  /// Appends the bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = systemWrite(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno != EINTR {
        throw systemError("write", path)
      }
    }
  }

  /// Waits until the bytes are on the disk.
  private func synchronize() throws(SafetensorsError) {
    guard fsync(descriptor) == 0 else { throw systemError("write", path) }
  }

  /// Makes a rename durable: the folder must reach the disk, too.
  private static func synchronizeDirectory(of path: String) throws(SafetensorsError) {
    let directory = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    guard descriptor >= 0 else { throw systemError("synchronize the folder of", path) }
    defer { close(descriptor) }
    // Some file systems have no such call for folders and answer EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw systemError("synchronize the folder of", path)
    }
  }

  // MARK: - Status

  /// Whether the path exists, possibly as a broken link.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}

/// The method of the same name hides the function in the class.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

/// The error of the call that has just failed.
private func systemError(_ operation: String, _ path: String) -> SafetensorsError {
  SafetensorsError(path, .system(operation: operation, code: errno))
}

/// What a file is that is not regular, nil for a regular one.
private func kindOfSpecialFile(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "a directory"
  case S_IFIFO: "a FIFO"
  case S_IFSOCK: "a socket"
  default: "a device"
  }
}

/// The system's message for an `errno`.
func systemMessage(_ code: Int32) -> String {
  String(cString: strerror(code))
}
