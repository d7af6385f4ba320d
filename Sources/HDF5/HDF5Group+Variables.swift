// Datasets that xarray, netCDF4, h5py and H5Web show as labelled arrays: every axis has a scale in
// the same group, and every dataset has units and a long name.
import CHDF5

extension HDF5Group {
  /// Creates a dataset of the given shape (empty: a scalar), to be filled by row blocks.
  ///
  /// Numbers above 8 KiB are chunked, shuffled and deflated. An extendible dataset can `append` rows.
  public func createDataset(
    _ name: String, _ type: HDF5ElementType, shape: [Int], isExtendible: Bool = false,
    units: String = "1", longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    let place = place(of: name)
    try requireName(name, place)
    let dataset = try handle.change { id throws(HDF5Error) in
      let stored = try type.makeType(place)
      defer { H5Idec_ref(stored) }
      if isExtendible && shape.isEmpty { throw place.error("a scalar is not extendible") }
      let space = try place.makeSpace(shape, isExtendible: isExtendible)
      defer { H5Idec_ref(space) }
      let links = try linkList(place)
      defer { H5Idec_ref(links) }
      let creation = try place.check(H5Pcreate(chdf5_dataset_create()), "cannot be created")
      defer { H5Idec_ref(creation) }
      // Times would make equal contents differ from byte to byte.
      try place.check(H5Pset_obj_track_times(creation, false), "cannot be created")
      try setStorage(creation, type, shape, isExtendible: isExtendible, place)
      let dataset = try place.check(
        H5Dcreate2(id, name, stored, space, links, creation, chdf5_default()), "cannot be created")
      return HDF5Dataset(Handle(file: handle.file, id: dataset, path: place.object ?? name))
    }
    try dataset.attributes.set("units", to: units)
    try dataset.attributes.set("long_name", to: longName)
    return dataset
  }

  /// Writes an array of any shape (nil: one axis) without scales.
  @discardableResult
  public func write<Element: HDF5Element>(
    _ name: String, _ values: [Element], shape: [Int]? = nil, units: String = "1", longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    let shape = shape ?? [values.count]
    let place = place(of: name)
    guard try place.elementCount(shape) == values.count else {
      throw place.error("shape \(shape) does not hold \(values.count) values")
    }
    let dataset = try createDataset(
      name, Element.elementType, shape: shape, units: units, longName: longName)
    try dataset.write(values)
    return dataset
  }

  /// Writes one value.
  @discardableResult
  public func scalar<Element: HDF5Element>(
    _ name: String, _ value: Element, units: String = "1", longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    try write(name, [value], shape: [], units: units, longName: longName)
  }

  /// Writes the coordinates of an axis; variables of this group refer to it by name.
  @discardableResult
  public func scale<Element: HDF5Element>(
    _ name: String, _ values: [Element], units: String = "1", longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    let dataset = try write(name, values, units: units, longName: longName)
    try dataset.makeScale()
    return dataset
  }

  /// Writes the coordinates 0, 1, …, `count` - 1 (int64) of an axis, in memory that does not grow.
  @discardableResult
  public func scale(
    _ name: String, count: Int, units: String = "1", longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    let dataset = try createDataset(name, .int64, shape: [count], units: units, longName: longName)
    let block = 1 << 16
    for start in stride(from: 0, to: count, by: block) {
      try dataset.write(Array(start..<min(count, start + block)), at: start)
    }
    try dataset.makeScale()
    return dataset
  }

  /// Creates a variable whose shape is given by scales of this group, to be filled by row blocks.
  public func createVariable(
    _ name: String, _ type: HDF5ElementType, over scales: [String], units: String = "1",
    longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    let (axes, shape) = try axes(scales, of: name)
    let dataset = try createDataset(name, type, shape: shape, units: units, longName: longName)
    for (axis, scale) in axes.enumerated() { try dataset.attach(scale, toAxis: axis) }
    return dataset
  }

  /// Writes a variable over scales of this group, which give its shape; values in row-major order.
  ///
  ///     try group.scale("sample", count: 400, longName: "rollout")
  ///     try group.variable("cosine", cosines, over: ["sample"], longName: "cosine similarity")
  @discardableResult
  public func variable<Element: HDF5Element>(
    _ name: String, _ values: [Element], over scales: [String], units: String = "1",
    longName: String
  ) throws(HDF5Error) -> HDF5Dataset {
    let shape = try axes(scales, of: name).shape
    let place = place(of: name)
    guard try place.elementCount(shape) == values.count else {
      throw place.error("the scales \(scales) of shape \(shape) do not hold \(values.count) values")
    }
    let dataset = try createVariable(
      name, Element.elementType, over: scales, units: units, longName: longName)
    try dataset.write(values)
    return dataset
  }

  /// Marks the group as a NeXus plot: `signal` over `axes`, one for each of its axes or ".".
  ///
  /// The title is an attribute; H5Web draws the signal's long name above the plot.
  ///
  /// - Throws: unless the signal is an array of numbers and the axes are numeric members of matching
  ///   length, since H5Web refuses the group otherwise.
  public func markAsData(signal: String, axes: [String], title: String) throws(HDF5Error) {
    let dataset = try dataset(signal)
    let shape = try dataset.shape
    guard try dataset.elementType.isNumeric, !shape.isEmpty, shape.count == axes.count else {
      throw dataset.handle.place.error(
        "cannot be plotted over the axes \(axes) (an array of numbers with one axis for each)")
    }
    for (name, length) in zip(axes, shape) where name != "." {
      let axis = try self.dataset(name)
      try requireName(name, axis.handle.place)  // a member, not a path
      guard try axis.elementType.isNumeric, try axis.shape == [length] else {
        throw axis.handle.place.error("cannot be an axis of '\(signal)' (\(length) numbers)")
      }
    }
    try attributes.set("NX_class", to: "NXdata")
    try attributes.set("signal", to: signal)
    try attributes.set("axes", to: axes)
    try attributes.set("title", to: title)
  }

  // MARK: - Helpers

  private func axes(
    _ scales: [String], of name: String
  ) throws(HDF5Error) -> (datasets: [HDF5Dataset], shape: [Int]) {
    var datasets: [HDF5Dataset] = []
    var shape: [Int] = []
    for scale in scales {
      let dataset = try dataset(scale)
      try requireName(scale, dataset.handle.place)  // a member, so that readers find coordinates
      guard try dataset.isScale else {
        throw dataset.handle.place.error("is not a scale, as '\(name)' needs it")
      }
      datasets.append(dataset)
      shape.append(contentsOf: try dataset.shape)
    }
    return (datasets, shape)
  }

  /// Chunks of about 128 KiB that keep trailing axes whole; small or empty arrays stay in one piece.
  private func setStorage(
    _ creation: hid_t, _ type: HDF5ElementType, _ shape: [Int], isExtendible: Bool, _ place: Place
  ) throws(HDF5Error) {
    let chunkedAbove = 8 << 10
    let chunkSize = 128 << 10
    let (size, overflow) = try place.elementCount(shape).multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw place.error("the shape \(shape) is too large") }
    // Texts are stored in the file's heap, to which filters do not apply.
    guard isExtendible || (size > chunkedAbove && type.isNumeric) else { return }
    var chunk = shape.map { _ in hsize_t(1) }
    var room = chunkSize / type.size
    for axis in shape.indices.reversed() {
      let extent = isExtendible && axis == 0 ? room : shape[axis]
      chunk[axis] = hsize_t(max(1, min(extent, room)))
      room /= max(1, Int(chunk[axis]))
    }
    try place.check(H5Pset_chunk(creation, CInt(chunk.count), chunk), "cannot be chunked")
    guard type.isNumeric else { return }
    let level: UInt32 = 4  // h5py's default
    try place.check(H5Pset_shuffle(creation), "cannot be compressed")
    try place.check(H5Pset_deflate(creation, level), "cannot be compressed")
  }
}
