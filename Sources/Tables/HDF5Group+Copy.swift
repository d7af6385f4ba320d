// Copying parts of one HDF5 file into another.
import HDF5
import Runs

extension HDF5Group {
  /// Copies all members; members are added to existing groups.
  ///
  /// - Parameter depth: How deep groups may nest; files may lead in circles.
  package func copyMembers(to target: HDF5Group, depth: Int = 8) throws {
    guard depth > 0 else {
      throw OutputError.usage(path, "groups nest too deeply (expected at most 8 levels)")
    }
    let members = try members()
    for member in members where ![.group, .dataset].contains(member.kind) {
      throw OutputError.usage(
        path, "the member '\(member.name)' is neither a group nor a dataset (expected those only)")
    }
    for member in members where member.kind == .dataset {
      try dataset(member.name).copyValues(to: target, name: member.name)
    }
    // Scales may come after the variables over them.
    for member in members where member.kind == .dataset {
      let copy = try target.dataset(member.name)
      guard try !copy.isScale else { continue }
      for (axis, scale) in try dataset(member.name).scaleNames.enumerated() {
        if let scale { try copy.attach(target.dataset(scale), toAxis: axis) }
      }
    }
    for member in members where member.kind == .group {
      let group =
        try target.contains(member.name)
        ? target.group(member.name) : target.createGroup(member.name)
      try self.group(member.name).copyMembers(to: group, depth: depth - 1)
    }
    for name in try attributes.names() {
      try target.attributes.set(name, to: attributes.value(name))
    }
  }
}

extension HDF5Dataset {
  fileprivate func copyValues(to group: HDF5Group, name: String) throws {
    func text(_ name: String) throws -> String {
      try attributes.contains(name) ? "\(try attributes.value(name))" : "1"
    }
    let copy = try group.createDataset(
      name, elementType, shape: shape, units: text("units"), longName: text("long_name"))
    switch try elementType {
    case .float32: try copyRows(Float.self, to: copy)
    case .float64: try copyRows(Double.self, to: copy)
    case .int32: try copyRows(Int32.self, to: copy)
    case .int64: try copyRows(Int64.self, to: copy)
    case .string: try copyRows(String.self, to: copy)
    default:
      throw OutputError.usage(path, "values of type \(try elementType) are not copied")
    }
    if try isScale { try copy.makeScale() }
  }

  private func copyRows<Element: HDF5Element>(_: Element.Type, to copy: HDF5Dataset) throws {
    try forEachRowBlock { rows in
      try copy.write(read(Element.self, rows: rows), at: rows?.lowerBound ?? 0)
    }
  }

  /// Calls `body` with ranges of rows of about 65,536 values, in order; with nil for a scalar.
  ///
  /// - Throws: before the first block, where the file cannot hold all that it declares.
  package func forEachRowBlock(_ body: (Range<Int>?) throws -> Void) throws {
    try requireStored()
    let shape = try shape
    guard let count = shape.first else { return try body(nil) }
    var width = 1
    for extent in shape.dropFirst() {
      let (product, overflow) = width.multipliedReportingOverflow(by: extent)
      width = overflow ? Int.max : product
    }
    let block = max(1, (1 << 16) / max(1, width))
    for start in stride(from: 0, to: count, by: block) {
      try body(start..<start + min(block, count - start))
    }
  }
}
