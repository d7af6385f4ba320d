// Types and dataspaces: made from Swift values, read back with checked arithmetic.
import CHDF5

extension HDF5ElementType {
  /// A new stored type, to be released by the caller.
  func makeType(_ place: Place) throws(HDF5Error) -> hid_t {
    if self == .string { return try String.textType(place, characterSet: H5T_CSET_UTF8) }
    guard let native else { throw place.error("elements of type \(self) cannot be written") }
    return try place.check(H5Tcopy(native), "has no type")
  }
}

extension Place {
  /// A new dataspace, to be released by the caller; an empty shape is a scalar.
  func makeSpace(
    _ shape: [Int], isExtendible: Bool = false
  ) throws(HDF5Error) -> hid_t {
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw error("the shape \(shape) is negative")
    }
    guard !shape.isEmpty else { return try check(H5Screate(H5S_SCALAR), "has no dataspace") }
    let extents = shape.map { hsize_t($0) }
    var limits = extents
    if isExtendible { limits[0] = chdf5_unlimited() }
    return try check(
      H5Screate_simple(CInt(extents.count), extents, limits), "has no dataspace")
  }

  /// The extents of a dataspace; a scalar's are empty, and one without values counts as length 0.
  func shape(ofSpace space: hid_t) throws(HDF5Error) -> [Int] {
    if H5Sget_simple_extent_type(space) == H5S_NULL { return [0] }
    let rank = try check(H5Sget_simple_extent_ndims(space), "has no shape")
    guard rank > 0 else { return [] }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try check(H5Sget_simple_extent_dims(space, &extents, nil), "has no shape")
    var shape: [Int] = []
    for extent in extents {
      guard let extent = Int(exactly: extent) else { throw error("an extent exceeds Int64") }
      shape.append(extent)
    }
    return shape
  }

  /// The product of the extents.
  func elementCount(_ shape: [Int]) throws(HDF5Error) -> Int {
    if shape.contains(0) { return 0 }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { throw error("the shape \(shape) has more elements than Int64 counts") }
      count = product
    }
    return count
  }
}
