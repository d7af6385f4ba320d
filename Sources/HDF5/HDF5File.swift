// One open HDF5 file: created or opened, made durable, closed.
import CHDF5
import Foundation
import Synchronization

/// An open HDF5 file. Groups and datasets keep it open; releasing the last reference closes it
/// without reporting errors. Call `close()` after writing, since a full disk may be reported only
/// there.
///
/// Any thread may use it; the module serialises all calls. libhdf5 itself is not safe against
/// malicious files, so open only files from sources that you trust.
public final class HDF5File: Sendable {
  /// The path as the caller gave it.
  public let path: String
  /// Whether the file was made by `create`.
  public let isWritable: Bool
  private let id: hid_t
  private let state = Mutex(State())

  private struct State {
    var isClosed = false
    /// Failures that could not be thrown: data that could not be written when a dataset closed.
    var failure: HDF5Error?
  }

  private init(path: String, id: hid_t, isWritable: Bool) {
    self.path = path
    self.id = id
    self.isWritable = isWritable
  }

  /// Creates a file in the earliest format, which old readers know, and empties an existing one.
  public static func create(_ path: String) throws(HDF5Error) -> HDF5File {
    let place = Place(path: path)
    try requirePath(place)
    return try Library.locked { () throws(HDF5Error) in
      let creation = try place.check(H5Pcreate(chdf5_file_create()), "cannot be created")
      defer { H5Idec_ref(creation) }
      let access = try accessList(place)
      defer { H5Idec_ref(access) }
      try place.check(
        H5Pset_link_creation_order(creation, chdf5_creation_order()), "cannot be created")
      try place.check(H5Pset_obj_track_times(creation, false), "cannot be created")
      let id = try place.check(
        H5Fcreate(path, chdf5_truncate(), creation, access), "cannot be created")
      return HDF5File(path: path, id: id, isWritable: true)
    }
  }

  /// Opens an existing file for reading.
  public static func open(_ path: String) throws(HDF5Error) -> HDF5File {
    let place = Place(path: path)
    try requirePath(place)
    var status = stat()
    guard stat(path, &status) == 0 else {
      let number = errno
      throw place.error("cannot be opened (\(describe(number)))", systemError: number)
    }
    // A pipe would block for ever.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw place.error("cannot be opened (it is not a regular file)")
    }
    if let fault = GlobalHeapCheck.fault(in: place) { throw fault }
    return try Library.locked { () throws(HDF5Error) in
      let access = try accessList(place)
      defer { H5Idec_ref(access) }
      let id = try place.check(H5Fopen(path, chdf5_read_only(), access), "cannot be opened")
      return HDF5File(path: path, id: id, isWritable: false)
    }
  }

  /// Flushes everything written so far to disk.
  public func synchronize() throws(HDF5Error) {
    try Library.locked { () throws(HDF5Error) in
      try requireOpen(for: place)
      guard isWritable else { return }
      try flush()
      try Self.synchronize(descriptor(), place)
    }
  }

  /// Writes what is left, waits until the disk has it, and closes the file and all that was opened in
  /// it. Later uses throw; closing again does nothing.
  ///
  /// - Throws: what kept the data from the disk, including failures of datasets closed earlier. The
  ///   file is worthless then.
  public func close() throws(HDF5Error) {
    try Library.locked { () throws(HDF5Error) in
      guard !state.withLock({ $0.isClosed }) else { return }
      // A file that cannot be flushed stays open until the process ends: libhdf5 1.10 frees part of
      // it while closing and later crashes on the rest.
      state.withLock { $0.isClosed = true }
      guard isWritable else {
        try place.check(H5Fclose(id), "cannot be closed")
        return
      }
      try flush()
      let descriptor = dup(try descriptor())  // H5Fclose may write once more
      defer { if descriptor >= 0 { _ = Glibc.close(descriptor) } }
      try place.check(H5Fclose(id), "cannot be written")
      try Self.synchronize(descriptor, place)
    }
  }

  deinit { try? close() }

  /// The group that holds all others.
  public var root: HDF5Group {
    get throws(HDF5Error) {
      try Library.locked { () throws(HDF5Error) in
        let place = Place(path: path, object: "/")
        try requireOpen(for: place)
        let group = try place.check(H5Gopen2(id, "/", chdf5_default()), "cannot be opened")
        return HDF5Group(Handle(file: self, id: group, path: "/"))
      }
    }
  }

  // MARK: - For the module

  var place: Place { Place(path: path) }

  func requireOpen(for place: Place) throws(HDF5Error) {
    if state.withLock({ $0.isClosed }) { throw place.error("the file has been closed") }
  }

  /// Closes one object. A dataset's cached chunks are written here: a failure waits for `close()`.
  func release(_ object: hid_t, at place: Place) {
    Library.enter()
    defer { Library.leave() }
    let (isClosed, hasFailed) = state.withLock { ($0.isClosed, $0.failure != nil) }
    // Closing the file closed its objects; after a failure objects are not closed at all.
    if isClosed || hasFailed { return }
    do throws(HDF5Error) {
      // An object that fails to flush would be freed by its close, and its id would dangle.
      if isWritable, H5Iget_type(object) == H5I_DATASET {
        try place.check(H5Dflush(object), "cannot be written")
      }
      try place.check(H5Idec_ref(object), "cannot be closed")
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  /// The file's length in bytes.
  func size() throws(HDF5Error) -> Int {
    var size: hsize_t = 0
    try place.check(H5Fget_filesize(id, &size), "cannot be read")
    return Int(clamping: size)
  }

  // MARK: - Helpers

  private func flush() throws(HDF5Error) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    try place.check(H5Fflush(id, H5F_SCOPE_GLOBAL), "cannot be written")
  }

  /// The file's descriptor, owned by libhdf5.
  private func descriptor() throws(HDF5Error) -> CInt {
    var handle: UnsafeMutableRawPointer?
    try place.check(H5Fget_vfd_handle(id, chdf5_default(), &handle), "cannot be written")
    guard let handle else { throw place.error("cannot be written (it has no descriptor)") }
    return handle.load(as: CInt.self)
  }

  private static func synchronize(_ descriptor: CInt, _ place: Place) throws(HDF5Error) {
    guard fsync(descriptor) == 0 else {
      let number = errno
      // EINVAL and the like would otherwise be a wrong path.
      throw place.error(
        "cannot be written (\(describe(number)))", systemError: number, isWriting: true)
    }
  }

  private static func requirePath(_ place: Place) throws(HDF5Error) {
    if place.path.isEmpty || place.path.utf8.contains(0) {
      throw place.error("is not a path (a non-empty path without NUL)")
    }
  }

  private static func accessList(_ place: Place) throws(HDF5Error) -> hid_t {
    let access = try place.check(H5Pcreate(chdf5_file_access()), "cannot be opened")
    do throws(HDF5Error) {
      // Locks fail on some network file systems and protect nothing here: what is written becomes
      // visible by a rename only.
      try place.check(chdf5_disable_file_locking(access), "cannot be opened")
      try place.check(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG), "cannot be opened")
    } catch {
      H5Idec_ref(access)
      throw error
    }
    return access
  }
}
