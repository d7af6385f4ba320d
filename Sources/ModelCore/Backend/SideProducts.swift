// Products of the vectors of several sides, accumulated piece by piece.

/// Running sums of |v_s|² for each side s, and of <v_s, v_last> for each side but the last.
struct SideProducts {
  var innerProducts: [Double]
  var squaredNorms: [Double]

  init(sideCount: Int) {
    innerProducts = Array(repeating: 0, count: sideCount - 1)
    squaredNorms = Array(repeating: 0, count: sideCount)
  }

  /// Adds the products of a piece of a side's vector with itself and, unless it is the last side's, with
  /// the same piece of the last side's.
  @inline(__always)
  mutating func add<Scalar: ModelScalar>(
    side: Int, _ piece: UnsafePointer<Scalar>, last: UnsafePointer<Scalar>, count: Int
  ) {
    squaredNorms[side] += wideDot(piece, piece, count: count)
    if side < innerProducts.count { innerProducts[side] += wideDot(piece, last, count: count) }
  }
}
