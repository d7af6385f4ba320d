// Dimension scales (H5DS): the datasets that give an axis its name and coordinates.
import CHDF5

extension HDF5Dataset {
  /// Makes this one-dimensional dataset a scale. Readers name the dimension after the dataset.
  ///
  /// The corresponding C function is `H5DSset_scale`.
  public func makeScale() throws(HDF5Error) {
    try handle.change { id throws(HDF5Error) in
      guard try shape.count == 1 else {
        throw handle.place.error("cannot be a scale (a scale has one axis, this \(try shape))")
      }
      try handle.place.check(H5DSset_scale(id, name), "cannot be made a scale")
    }
  }

  /// Whether this dataset is a scale.
  public var isScale: Bool {
    get throws(HDF5Error) {
      try handle.use { id throws(HDF5Error) in
        try handle.place.check(H5DSis_scale(id), "cannot be asked for scales") > 0
      }
    }
  }

  /// Attaches a scale of the same length to an axis.
  ///
  /// The corresponding C function is `H5DSattach_scale`.
  public func attach(_ scale: HDF5Dataset, toAxis axis: Int) throws(HDF5Error) {
    try handle.change { id throws(HDF5Error) in
      let shape = try shape
      let length = try scale.shape
      guard shape.indices.contains(axis), length == [shape[axis]] else {
        throw handle.place.error(
          "axis \(axis) of shape \(shape) cannot have the scale '\(scale.name)' of shape \(length)")
      }
      try scale.handle.use { scaleID throws(HDF5Error) in
        _ = try handle.place.check(
          H5DSattach_scale(id, scaleID, UInt32(axis)), "cannot have the scale '\(scale.name)'")
      }
    }
  }

  /// The name of the first scale of each axis; nil where an axis has none.
  public var scaleNames: [String?] {
    get throws(HDF5Error) {
      try handle.use { id throws(HDF5Error) in
        let place = handle.place
        if try isNull { return [nil] }  // libhdf5 refuses the question
        var names: [String?] = []
        for axis in try shape.indices {
          let count = try place.check(
            H5DSget_num_scales(id, UInt32(axis)), "cannot be asked for scales")
          guard count > 0 else {
            names.append(nil)
            continue
          }
          var path: String?
          let code = withUnsafeMutablePointer(to: &path) { client in
            H5DSiterate_scales(
              id, UInt32(axis), nil,
              { _, _, scale, client in
                client?.assumingMemoryBound(to: String?.self).pointee = objectPath(scale)
                return 1  // the first is enough
              }, client)
          }
          try place.check(code, "cannot be asked for scales")
          names.append(path?.split(separator: "/").last.map(String.init))
        }
        return names
      }
    }
  }
}

/// A path that leads to an open object, found by search where it was reached by reference.
private func objectPath(_ id: hid_t) -> String? {
  let length = H5Iget_name(id, nil, 0)
  guard length > 0 else { return nil }
  var bytes = [CChar](repeating: 0, count: length + 1)
  guard H5Iget_name(id, &bytes, bytes.count) > 0 else { return nil }
  return bytes.withUnsafeBufferPointer { $0.baseAddress.flatMap { String(validatingCString: $0) } }
}
