// Soft-capping of scores and logits (Gemma 2, 2408.00118): y = c tanh(x / c), dy/dx = 1 − (y / c)².

/// y = c tanh(x / c) in place.
@inline(__always)
package func softcap<Scalar: ModelScalar>(
  _ row: UnsafeMutablePointer<Scalar>, count: Int, cap: Scalar
) {
  let inverse = 1 / cap
  for i in 0..<count { row[i] *= inverse }
  Scalar.Kernels.hyperbolicTangent(row, count: count, into: row)
  for i in 0..<count { row[i] *= cap }
}

/// dx from dy in place: the derivative of a capped value y.
@inline(__always)
package func softcapBackward<Scalar: ModelScalar>(
  _ dy: UnsafeMutablePointer<Scalar>, capped y: UnsafePointer<Scalar>, count: Int, cap: Scalar
) {
  let inverse = 1 / cap
  for i in 0..<count {
    let share = y[i] * inverse
    dy[i] *= 1 - share * share
  }
}

extension CPU {
  /// Caps every row of a matrix in place.
  static func softcapRows<Scalar: ModelScalar>(_ x: Matrix<Scalar>, cap: Double) {
    for row in 0..<x.rows { softcap(x.row(row), count: x.columns, cap: Scalar(cap)) }
  }

  /// dx from dy (R, columns) in place; y is the capped matrix.
  static func softcapRowsBackward<Scalar: ModelScalar>(
    _ dy: Matrix<Scalar>, capped y: Matrix<Scalar>, cap: Double
  ) {
    for row in 0..<dy.rows {
      softcapBackward(dy.row(row), capped: y.row(row), count: dy.columns, cap: Scalar(cap))
    }
  }
}
