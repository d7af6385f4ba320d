// Slices of the parameters, for gradients that do not fit into memory at once.

extension ParameterLayout {
  /// Slices begin at multiples of so many scalars: products of gradients are summed in pieces of this
  /// size (`GradientSet`), so that they have the same bits with any number of slices.
  package static let sliceGrain = 1024
  /// The most slices that `slices` returns; each costs a backward pass of every gradient.
  static let sliceLimit = 64

  /// Cuts the parameters into as few slices of about one size as a memory limit allows.
  ///
  /// - Parameters:
  ///   - rowCount: Gradients of which exactly the slice is held (`GradientSet`).
  ///   - bufferCount: Gradients that a backward pass writes to (`GradientBuffer`).
  ///   - scalarSize: Bytes of a scalar.
  ///   - byteLimit: Bytes for both together.
  /// - Returns: nil where even `sliceLimit` slices are too large.
  public func slices(
    rowCount: Int, bufferCount: Int, scalarSize: Int, byteLimit: Int
  ) -> [Range<Int>]? {
    for sliceCount in 1...Self.sliceLimit {
      let slices = slices(sliceCount)
      if sliceBytes(slices, rowCount, bufferCount, scalarSize) <= byteLimit { return slices }
    }
    return nil
  }

  /// The least `byteLimit` for which `slices` returns slices.
  public func leastSliceBytes(rowCount: Int, bufferCount: Int, scalarSize: Int) -> Int {
    let bytes = (1...Self.sliceLimit).map {
      sliceBytes(slices($0), rowCount, bufferCount, scalarSize)
    }
    return bytes.min() ?? 0
  }

  /// So many slices of about one size, or fewer where they would be smaller than the grain.
  package func slices(_ sliceCount: Int) -> [Range<Int>] {
    let grain = Self.sliceGrain
    let pieces = (count + grain - 1) / grain
    let size = (pieces + sliceCount - 1) / sliceCount * grain
    return stride(from: 0, to: count, by: max(grain, size)).map { $0..<min($0 + size, count) }
  }

  /// Bytes that are held while the largest of the slices is at work.
  private func sliceBytes(
    _ slices: [Range<Int>], _ rowCount: Int, _ bufferCount: Int, _ scalarSize: Int
  ) -> Int {
    let scalars = slices.map { rowCount * $0.count + bufferCount * deliveryRange($0).count }
    return (scalars.max() ?? 0) * scalarSize
  }

  /// Where a backward pass for a range of scalars ends: the lowest layer that it touches, −1 for a table
  /// that the input is looked up in.
  func lowestLayer(_ range: Range<Int>) -> Int {
    let layers = parameters.filter { $0.range.overlaps(range) }.map { parameter in
      let layer = groups[parameter.group].layer
      // The final norm and a head of its own come before all layers.
      return layer >= 0
        ? layer : embeddingGroups.contains(parameter.group) ? -1 : network.layers.count
    }
    return layers.min() ?? network.layers.count
  }

  /// The range extended to what a backward pass delivers whole: layers, and parameters outside of
  /// them.
  func deliveryRange(_ range: Range<Int>) -> Range<Int> {
    let touched = parameters.filter { $0.range.overlaps(range) }
    guard let first = touched.first, let last = touched.last else { return range }
    func whole(_ parameter: Parameter) -> [Parameter] {
      let layer = groups[parameter.group].layer
      return layer < 0 ? [parameter] : parameters.filter { groups[$0.group].layer == layer }
    }
    let lower = whole(first).map(\.range.lowerBound).min() ?? range.lowerBound
    let upper = whole(last).map(\.range.upperBound).max() ?? range.upperBound
    return lower..<upper
  }
}
