// The attributes of one group or dataset; those of the root group are those of the file.
import CHDF5

/// Named values attached to a group or dataset. Text is stored as UTF-8 of variable length, so it may
/// be longer than the 64 KB that an object header holds.
public struct HDF5Attributes: Sendable {
  let handle: Handle

  /// All names, sorted.
  public func names() throws(HDF5Error) -> [String] {
    try handle.use { id throws(HDF5Error) in
      var names: [String] = []
      let code = withUnsafeMutablePointer(to: &names) { client in
        H5Aiterate2(
          id, H5_INDEX_NAME, H5_ITER_INC, nil,
          { _, name, _, client in
            guard let name, let client else { return -1 }
            client.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
            return 0
          }, client)
      }
      try handle.place.check(code, "has no readable attributes")
      return names
    }
  }

  /// Whether there is an attribute of this name.
  public func contains(_ name: String) throws(HDF5Error) -> Bool {
    let place = handle.place(ofAttribute: name)
    try requireName(name, place)
    return try handle.use { id throws(HDF5Error) in
      try place.check(H5Aexists(id, name), "cannot be looked up") > 0
    }
  }

  /// The value of an attribute; throws if there is none.
  public func value(_ name: String) throws(HDF5Error) -> HDF5AttributeValue {
    let place = handle.place(ofAttribute: name)
    try requireName(name, place)
    return try handle.use { id throws(HDF5Error) in
      guard try place.check(H5Aexists(id, name), "cannot be looked up") > 0 else {
        throw place.error("there is no such attribute")
      }
      let attribute = try place.check(H5Aopen(id, name, chdf5_default()), "cannot be opened")
      defer { H5Aclose(attribute) }
      return try read(attribute, place)
    }
  }

  /// Sets a scalar, replacing an attribute of the same name.
  public func set<Element: HDF5Element>(_ name: String, to value: Element) throws(HDF5Error) {
    try set(name, [value], isScalar: true)
  }

  /// Sets a one-dimensional array, replacing an attribute of the same name.
  public func set<Element: HDF5Element>(_ name: String, to values: [Element]) throws(HDF5Error) {
    try set(name, values, isScalar: false)
  }

  /// Sets a value that was read from another attribute; `other` cannot be written.
  public func set(_ name: String, to value: HDF5AttributeValue) throws(HDF5Error) {
    switch value {
    case .string(let text): try set(name, to: text)
    case .strings(let texts): try set(name, to: texts)
    case .integer(let number): try set(name, to: number)
    case .integers(let numbers): try set(name, to: numbers)
    case .double(let number): try set(name, to: number)
    case .doubles(let numbers): try set(name, to: numbers)
    case .other(let description):
      throw handle.place(ofAttribute: name).error("cannot be written: \(description)")
    }
  }

  // MARK: - Helpers

  private func set<Element: HDF5Element>(
    _ name: String, _ values: [Element], isScalar: Bool
  ) throws(HDF5Error) {
    let place = handle.place(ofAttribute: name)
    try requireName(name, place)
    try handle.change { id throws(HDF5Error) in
      let type = try Element.elementType.makeType(place)
      defer { H5Idec_ref(type) }
      let space = try place.makeSpace(isScalar ? [] : [values.count])
      defer { H5Idec_ref(space) }
      let creation = try place.check(H5Pcreate(chdf5_attribute_create()), "cannot be created")
      defer { H5Idec_ref(creation) }
      try place.check(H5Pset_char_encoding(creation, H5T_CSET_UTF8), "cannot be created")
      if try place.check(H5Aexists(id, name), "cannot be looked up") > 0 {
        try place.check(H5Adelete(id, name), "cannot be replaced")
      }
      let attribute = try place.check(
        H5Acreate2(id, name, type, space, creation, chdf5_default()), "cannot be created")
      defer { H5Aclose(attribute) }
      guard !values.isEmpty else { return }
      try Element.write(
        values,
        through: HDF5Transfer(
          place: place, type: type, space: space, target: .attribute(attribute)))
    }
  }

  private func read(_ attribute: hid_t, _ place: Place) throws(HDF5Error) -> HDF5AttributeValue {
    let type = try place.check(H5Aget_type(attribute), "cannot be read")
    defer { H5Idec_ref(type) }
    let space = try place.check(H5Aget_space(attribute), "cannot be read")
    defer { H5Idec_ref(space) }
    let isScalar = H5Sget_simple_extent_type(space) == H5S_SCALAR
    let elementType = HDF5ElementType(type)
    // An attribute without a dataspace has no values; one of h5py's `Empty`.
    if H5Sget_simple_extent_type(space) == H5S_NULL { return .other("empty \(elementType)") }
    let count = try place.elementCount(place.shape(ofSpace: space))
    // libhdf5 already has the stored bytes in memory; the converted values need a multiple of that.
    let size = H5Tget_size(type)
    let (bytes, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
    guard !overflow, bytes <= H5Aget_storage_size(attribute) else {
      throw place.error("declares \(count) elements, more than are stored")
    }
    let transfer = HDF5Transfer(
      place: place, type: type, space: space, target: .attribute(attribute))
    switch elementType {
    case .string:
      let texts = try count == 0 ? [] : String.read(count, through: transfer)
      return isScalar && count == 1 ? .string(texts[0]) : .strings(texts)
    case .float32, .float64:
      let numbers = try count == 0 ? [] : Double.read(count, through: transfer)
      return isScalar && count == 1 ? .double(numbers[0]) : .doubles(numbers)
    case .uint64:
      // libhdf5 would clip what int64 cannot hold.
      let numbers = try count == 0 ? [] : UInt64.read(count, through: transfer)
      let signed = numbers.compactMap { Int64(exactly: $0) }
      guard signed.count == numbers.count else { return .other("uint64 beyond int64") }
      return isScalar && count == 1 ? .integer(signed[0]) : .integers(signed)
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32:
      let numbers = try count == 0 ? [] : Int64.read(count, through: transfer)
      return isScalar && count == 1 ? .integer(numbers[0]) : .integers(numbers)
    case .other(let description): return .other(description)
    }
  }
}
