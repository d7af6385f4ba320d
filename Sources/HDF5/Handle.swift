// The only owner of an open object's id.
import CHDF5

/// Closes its id when the last reference is released; keeps its file open until then.
final class Handle: Sendable {
  let file: HDF5File
  let id: hid_t
  /// The absolute path under which the object was opened; a linked object has others, too.
  let path: String

  init(file: HDF5File, id: hid_t, path: String) {
    self.file = file
    self.id = id
    self.path = path
  }

  deinit { file.release(id, at: place) }

  var place: Place { Place(path: file.path, object: path) }

  /// The last component of the path.
  var name: String { path.split(separator: "/").last.map(String.init) ?? "" }

  /// Equal for all names of one object.
  var identity: HDF5Identity {
    get throws(HDF5Error) {
      try use { id throws(HDF5Error) in
        var (file, address): (UInt, haddr_t) = (0, 0)
        try place.check(chdf5_identity(id, &file, &address), "cannot be read")
        return HDF5Identity(file: file, address: UInt64(address))
      }
    }
  }

  func place(ofAttribute name: String) -> Place {
    Place(path: file.path, object: "\(path)@\(name)")
  }

  /// Runs `body` with the id, inside the library's lock, unless the file has been closed.
  func use<Result>(
    _ body: (hid_t) throws(HDF5Error) -> Result
  ) throws(HDF5Error) -> Result {
    try Library.locked { () throws(HDF5Error) in
      try file.requireOpen(for: place)
      return try body(id)
    }
  }

  /// The same for changes; an error if the file was opened for reading.
  func change<Result>(
    _ body: (hid_t) throws(HDF5Error) -> Result
  ) throws(HDF5Error) -> Result {
    guard file.isWritable else { throw place.error("cannot be changed: the file is read-only") }
    return try use(body)
  }
}

/// Refuses characters that C or a path would misread in the name of a member or attribute.
func requireName(_ name: String, _ place: Place) throws(HDF5Error) {
  if name.isEmpty || name == "." || name == ".." || name.utf8.contains(0) || name.contains("/") {
    throw place.error(
      "the name \(name.debugDescription) is not allowed (a non-empty name without '/' and NUL)")
  }
}
