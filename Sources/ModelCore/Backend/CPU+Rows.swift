// Copies, sums and look-ups of rows.

extension CPU {
  /// Sets every element to zero.
  static func clear<Scalar: ModelScalar>(_ x: Matrix<Scalar>) {
    for row in 0..<x.rows { x.row(row).update(repeating: 0, count: x.columns) }
  }

  /// y = x + a, a vector.
  static func shift<Scalar: ModelScalar>(
    _ x: UnsafePointer<Scalar>, by a: Scalar, count: Int, into y: UnsafeMutablePointer<Scalar>
  ) {
    for i in 0..<count { y[i] = x[i] + a }
  }

  /// x *= a
  static func scale<Scalar: ModelScalar>(_ x: Matrix<Scalar>, by a: Scalar) {
    for row in 0..<x.rows {
      let elements = x.row(row)
      for i in 0..<x.columns { elements[i] *= a }
    }
  }

  /// y = x
  static func copy<Scalar: ModelScalar>(_ x: Matrix<Scalar>, to y: Matrix<Scalar>) {
    precondition(x.rows == y.rows && x.columns == y.columns)
    for row in 0..<x.rows { y.row(row).update(from: x.row(row), count: x.columns) }
  }

  /// y += v, the same vector (N) to every row.
  static func add<Scalar: ModelScalar>(
    vector: UnsafePointer<Scalar>, to y: Matrix<Scalar>
  ) {
    for row in 0..<y.rows { addScaled(1, vector, to: y.row(row), count: y.columns) }
  }

  /// sum += Σ rows of dy, in their order; the backward of `add(vector:to:)`.
  static func addSum<Scalar: ModelScalar>(
    of dy: Matrix<Scalar>, to sum: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<dy.rows { addScaled(1, dy.row(row), to: sum, count: dy.columns) }
  }

  /// sum += Σ_i weight_i x_i, in the order of the rows; weights (R, 1).
  static func addWeighted<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, by weights: Matrix<Scalar>, to sum: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<x.rows {
      addScaled(weights.row(row)[0], x.row(row), to: sum, count: x.columns)
    }
  }

  /// x_i · v of every row, in Double. (R)
  static func rowProducts<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ v: UnsafePointer<Scalar>
  ) -> [Double] {
    (0..<x.rows).map { wideDot(x.row($0), v, count: x.columns) }
  }

  /// y_i = x[index_i]
  static func gather<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ indices: [Int32], into y: Matrix<Scalar>
  ) {
    for (row, index) in indices.enumerated() {
      y.row(row).update(from: x.row(Int(index)), count: x.columns)
    }
  }

  /// y_i += x[index_i]
  static func gatherAdding<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ indices: [Int32], to y: Matrix<Scalar>
  ) {
    for (row, index) in indices.enumerated() {
      addScaled(1, x.row(Int(index)), to: y.row(row), count: x.columns)
    }
  }

  /// x[index_i] = y_i; other rows are unchanged.
  static func scatter<Scalar: ModelScalar>(
    _ y: Matrix<Scalar>, _ indices: [Int32], into x: Matrix<Scalar>
  ) {
    for (row, index) in indices.enumerated() {
      x.row(Int(index)).update(from: y.row(row), count: y.columns)
    }
  }

  /// x[index_i] += y_i, in the order of i.
  static func scatterAdding<Scalar: ModelScalar>(
    _ y: Matrix<Scalar>, _ indices: [Int32], to x: Matrix<Scalar>
  ) {
    for (row, index) in indices.enumerated() {
      addScaled(1, y.row(row), to: x.row(Int(index)), count: y.columns)
    }
  }
}
