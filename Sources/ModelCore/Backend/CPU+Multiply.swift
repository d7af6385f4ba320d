// Matrix products: the three of a linear layer, and Gram matrices.

extension CPU {
  /// y = x · wᵀ + beta · y; x (R, K), w (N, K), y (R, N). A linear layer's forward.
  package static func multiply<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, transposed w: Matrix<Scalar>, into y: Matrix<Scalar>, beta: Scalar = 0
  ) {
    precondition(x.columns == w.columns && y.rows == x.rows && y.columns == w.rows)
    guard y.rows > 0, y.columns > 0 else { return }
    Scalar.Kernels.gemm(
      transposeA: false, transposeB: true, m: x.rows, n: w.rows, k: x.columns, a: x.base,
      lda: x.stride, b: w.base, ldb: w.stride, beta: beta, c: y.base, ldc: y.stride)
  }

  /// dx = dy · w + beta · dx; dy (R, N), w (N, K), dx (R, K). A linear layer's input gradient.
  package static func multiply<Scalar: ModelScalar>(
    _ dy: Matrix<Scalar>, _ w: Matrix<Scalar>, into dx: Matrix<Scalar>, beta: Scalar = 0
  ) {
    precondition(dy.columns == w.rows && dx.rows == dy.rows && dx.columns == w.columns)
    guard dx.rows > 0, dx.columns > 0 else { return }
    Scalar.Kernels.gemm(
      transposeA: false, transposeB: false, m: dy.rows, n: w.columns, k: dy.columns, a: dy.base,
      lda: dy.stride, b: w.base, ldb: w.stride, beta: beta, c: dx.base, ldc: dx.stride)
  }

  /// dw = dyᵀ · x + beta · dw; dy (R, N), x (R, K), dw (N, K). A linear layer's weight gradient.
  package static func multiply<Scalar: ModelScalar>(
    transposed dy: Matrix<Scalar>, _ x: Matrix<Scalar>, into dw: Matrix<Scalar>, beta: Scalar = 0
  ) {
    precondition(dy.rows == x.rows && dw.rows == dy.columns && dw.columns == x.columns)
    guard dw.rows > 0, dw.columns > 0 else { return }
    // A side without rows has no gradient.
    guard dy.rows > 0 else { return beta == 0 ? clear(dw) : () }
    Scalar.Kernels.gemm(
      transposeA: true, transposeB: false, m: dy.columns, n: x.columns, k: dy.rows, a: dy.base,
      lda: dy.stride, b: x.base, ldb: x.stride, beta: beta, c: dw.base, ldc: dw.stride)
  }

  /// The upper triangle of gram (R, R) = x · xᵀ + beta · gram; x (R, K).
  static func gram<Scalar: ModelScalar>(
    of x: Matrix<Scalar>, into gram: Matrix<Scalar>, beta: Scalar = 0
  ) {
    precondition(gram.rows == x.rows && gram.columns == x.rows)
    Scalar.Kernels.syrk(
      n: x.rows, k: x.columns, a: x.base, lda: x.stride, beta: beta, c: gram.base,
      ldc: gram.stride)
  }

  /// Σ_ts a_ts · b_ts over the rows of each side, and over those of each side and the last one, from the
  /// upper triangles of two Gram matrices (R, R).
  static func gramProducts<Scalar: ModelScalar>(
    of sides: [Range<Int>], _ a: Matrix<Scalar>, _ b: Matrix<Scalar>
  ) -> SideProducts {
    var products = SideProducts(sideCount: sides.count)
    let last = sides[sides.count - 1]
    for (side, rows) in sides.enumerated() {
      for t in rows {
        let a = a.row(t)
        let b = b.row(t)
        products.squaredNorms[side] +=
          Double(a[t]) * Double(b[t])
          + 2 * wideDot(a + t + 1, b + t + 1, count: rows.upperBound - t - 1)
        guard side < sides.count - 1 else { continue }
        products.innerProducts[side] += wideDot(
          a + last.lowerBound, b + last.lowerBound, count: last.count)
      }
    }
    return products
  }
}
