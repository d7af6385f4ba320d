// One dataset: its type and shape, its values by blocks of rows, its dimension scales.
import CHDF5

/// An array in a file, open as long as a value refers to it.
public struct HDF5Dataset: Sendable {
  let handle: Handle

  init(_ handle: Handle) { self.handle = handle }

  /// The absolute path under which it was opened.
  public var path: String { handle.path }
  /// The last component of the path.
  public var name: String { handle.name }
  public var attributes: HDF5Attributes { HDF5Attributes(handle: handle) }

  /// The stored type.
  public var elementType: HDF5ElementType {
    get throws(HDF5Error) {
      try handle.use { id throws(HDF5Error) in
        let type = try handle.place.check(H5Dget_type(id), "has no type")
        defer { H5Idec_ref(type) }
        return HDF5ElementType(type)
      }
    }
  }

  /// The extents; empty for a scalar.
  public var shape: [Int] {
    get throws(HDF5Error) {
      try handle.use { id throws(HDF5Error) in
        let space = try handle.place.check(H5Dget_space(id), "has no shape")
        defer { H5Idec_ref(space) }
        return try handle.place.shape(ofSpace: space)
      }
    }
  }

  /// Whether it has neither values nor axes (a null dataspace, h5py's `Empty`). Its shape is [0].
  public var isNull: Bool {
    get throws(HDF5Error) {
      try handle.use { id throws(HDF5Error) in
        let space = try handle.place.check(H5Dget_space(id), "has no shape")
        defer { H5Idec_ref(space) }
        return H5Sget_simple_extent_type(space) == H5S_NULL
      }
    }
  }

  /// Equal for all names of one dataset.
  public var identity: HDF5Identity {
    get throws(HDF5Error) { try handle.identity }
  }

  // MARK: - Values

  /// Reads all values, or those of a range of rows (the first axis), in row-major order.
  ///
  /// `Element` must hold every value of the stored type exactly: an int32 may be read as `Int` or
  /// `Double`, a float64 not as `Float`.
  public func read<Element: HDF5Element>(
    _ type: Element.Type = Element.self, rows: Range<Int>? = nil
  ) throws(HDF5Error) -> [Element] {
    let place = handle.place
    return try handle.use { id throws(HDF5Error) in
      let type = try place.check(H5Dget_type(id), "cannot be read")
      defer { H5Idec_ref(type) }
      let stored = HDF5ElementType(type)
      guard stored.fits(in: Element.elementType) else {
        throw place.error("holds \(stored), not \(Element.elementType)")
      }
      let space = try place.check(H5Dget_space(id), "cannot be read")
      defer { H5Idec_ref(space) }
      let count = try select(rows, of: space)
      guard count > 0 else { return [] }
      try requireStored(id, count, size: H5Tget_size(type))
      let memory = try place.makeSpace([count])
      defer { H5Idec_ref(memory) }
      return try Element.read(
        count,
        through: HDF5Transfer(
          place: place, type: type, space: memory, target: .dataset(id, selection: space)))
    }
  }

  /// Writes whole rows, the first of them at `row`; a scalar takes one value.
  public func write<Element: HDF5Element>(
    _ values: [Element], at row: Int = 0
  ) throws(HDF5Error) {
    let place = handle.place
    try handle.change { id throws(HDF5Error) in
      let type = try place.check(H5Dget_type(id), "cannot be written")
      defer { H5Idec_ref(type) }
      guard HDF5ElementType(type) == Element.elementType else {
        throw place.error("holds \(HDF5ElementType(type)), not \(Element.elementType)")
      }
      let space = try place.check(H5Dget_space(id), "cannot be written")
      defer { H5Idec_ref(space) }
      let shape = try place.shape(ofSpace: space)
      let rowCount = try wholeRows(values.count, shape)
      let (end, overflow) = row.addingReportingOverflow(rowCount)
      guard row >= 0, !overflow else { throw place.error("has no row \(row)") }
      let count = try select(shape.isEmpty ? nil : row..<end, of: space)
      guard count == values.count else {
        throw place.error("takes \(count) values for shape \(shape), not \(values.count)")
      }
      guard count > 0 else { return }
      let memory = try place.makeSpace([count])
      defer { H5Idec_ref(memory) }
      try Element.write(
        values,
        through: HDF5Transfer(
          place: place, type: type, space: memory, target: .dataset(id, selection: space)))
    }
  }

  /// Lengthens the first axis of an extendible dataset by whole rows.
  public func append<Element: HDF5Element>(_ values: [Element]) throws(HDF5Error) {
    let place = handle.place
    try handle.change { id throws(HDF5Error) in
      let shape = try shape
      let rowCount = try wholeRows(values.count, shape)
      guard let length = shape.first else { throw place.error("a scalar has no rows to append") }
      let (longer, overflow) = length.addingReportingOverflow(rowCount)
      guard !overflow else { throw place.error("cannot be longer than Int64 counts") }
      let extents = [hsize_t(longer)] + shape.dropFirst().map { hsize_t($0) }
      try place.check(H5Dset_extent(id, extents), "cannot be lengthened")
      try write(values, at: length)
    }
  }

  /// Checks that the file is large enough for the values that it declares.
  package func requireStored() throws(HDF5Error) {
    try handle.use { id throws(HDF5Error) in
      let type = try handle.place.check(H5Dget_type(id), "cannot be read")
      defer { H5Idec_ref(type) }
      try requireStored(id, handle.place.elementCount(shape), size: H5Tget_size(type))
    }
  }

  // MARK: - Helpers

  /// Restricts `space` to a range of rows; returns the number of elements selected.
  private func select(_ rows: Range<Int>?, of space: hid_t) throws(HDF5Error) -> Int {
    let place = handle.place
    var shape = try place.shape(ofSpace: space)
    guard let rows else { return try place.elementCount(shape) }
    guard let length = shape.first, 0 <= rows.lowerBound, rows.upperBound <= length else {
      throw place.error("has no rows \(rows.lowerBound)..<\(rows.upperBound) in shape \(shape)")
    }
    shape[0] = rows.count
    let count = try place.elementCount(shape)
    guard count > 0 else { return 0 }
    var start = [hsize_t](repeating: 0, count: shape.count)
    start[0] = hsize_t(rows.lowerBound)
    try place.check(
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nil, shape.map { hsize_t($0) }, nil),
      "has no such rows")
    return count
  }

  /// How many rows `count` values fill.
  private func wholeRows(_ count: Int, _ shape: [Int]) throws(HDF5Error) -> Int {
    guard !shape.isEmpty else { return count }
    let rowSize = try handle.place.elementCount(Array(shape.dropFirst()))
    guard rowSize > 0 else { return 0 }
    guard count.isMultiple(of: rowSize) else {
      throw handle.place.error("takes whole rows of \(rowSize) values, not \(count) values")
    }
    return count / rowSize
  }

  /// Checks the extents that a file claims before memory is allocated: the file must be large
  /// enough for them, given the largest compression ratio of deflate. libhdf5 1.10 itself reads
  /// past the end of a compact array that is shorter than its shape.
  private func requireStored(_ id: hid_t, _ count: Int, size: Int) throws(HDF5Error) {
    if handle.file.isWritable { return }  // ours, and perhaps not stored yet
    let place = handle.place
    let creation = try place.check(H5Dget_create_plist(id), "cannot be read")
    defer { H5Idec_ref(creation) }
    let layout = H5Pget_layout(creation)
    let stored = Int(clamping: H5Dget_storage_size(id))
    let deflateLimit = 1032  // zlib, technical details: the largest ratio of the format
    let smallest = 1 << 20  // small enough to allocate for a dataset that was never written
    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
    let (limit, limitOverflow) = min(stored, try handle.file.size())
      .multipliedReportingOverflow(by: deflateLimit)
    let isCut = layout != H5D_CHUNKED && bytes > stored && (stored > 0 || layout == H5D_COMPACT)
    guard !overflow, !isCut, bytes <= smallest || limitOverflow || bytes <= limit else {
      throw place.error("declares \(count) elements, more than its \(stored) stored bytes can hold")
    }
  }
}
