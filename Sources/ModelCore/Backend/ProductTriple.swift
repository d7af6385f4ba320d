// Inner product and squared norms of two vectors, accumulated piece by piece.

/// Running sums of <first, second>, |first|² and |second|².
struct ProductTriple {
  var inner = 0.0
  var first = 0.0
  var second = 0.0

  /// Adds the products of a piece of both gradients.
  @inline(__always)
  mutating func add<Scalar: ModelScalar>(
    _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int
  ) {
    inner += wideDot(x, y, count: count)
    first += wideDot(x, x, count: count)
    second += wideDot(y, y, count: count)
  }
}
