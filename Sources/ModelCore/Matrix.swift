// A view of rows in memory that somebody else owns, and the three products of a linear layer.

/// A row-major matrix view. It owns nothing: the buffer behind it must outlive it.
package struct Matrix<Scalar: ModelScalar> {
  package let base: UnsafeMutablePointer<Scalar>
  package let rows: Int
  package let columns: Int
  /// The distance between rows in elements.
  package let stride: Int

  package init(_ base: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
  }

  @inline(__always)
  package func row(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    base + index * stride
  }

  package func rows(_ range: Range<Int>) -> Matrix {
    Matrix(row(range.lowerBound), rows: range.count, columns: columns, stride: stride)
  }

  package func columns(_ range: Range<Int>) -> Matrix {
    Matrix(base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// y = x · wᵀ + beta · y; x (R, K), w (N, K), y (R, N). A linear layer's forward.
  package static func multiply(_ x: Matrix, transposed w: Matrix, into y: Matrix, beta: Scalar = 0)
  {
    precondition(x.columns == w.columns && y.rows == x.rows && y.columns == w.rows)
    guard y.rows > 0, y.columns > 0 else { return }
    Scalar.gemm(
      transposeA: false, transposeB: true, m: x.rows, n: w.rows, k: x.columns, a: x.base,
      lda: x.stride, b: w.base, ldb: w.stride, beta: beta, c: y.base, ldc: y.stride)
  }

  /// dx = dy · w + beta · dx; dy (R, N), w (N, K), dx (R, K). A linear layer's input gradient.
  package static func multiply(_ dy: Matrix, _ w: Matrix, into dx: Matrix, beta: Scalar = 0) {
    precondition(dy.columns == w.rows && dx.rows == dy.rows && dx.columns == w.columns)
    guard dx.rows > 0, dx.columns > 0 else { return }
    Scalar.gemm(
      transposeA: false, transposeB: false, m: dy.rows, n: w.columns, k: dy.columns, a: dy.base,
      lda: dy.stride, b: w.base, ldb: w.stride, beta: beta, c: dx.base, ldc: dx.stride)
  }

  /// dw = dyᵀ · x + beta · dw; dy (R, N), x (R, K), dw (N, K). A linear layer's weight gradient.
  package static func multiply(
    transposed dy: Matrix, _ x: Matrix, into dw: Matrix, beta: Scalar = 0
  ) {
    precondition(dy.rows == x.rows && dw.rows == dy.columns && dw.columns == x.columns)
    guard dw.rows > 0, dw.columns > 0 else { return }
    Scalar.gemm(
      transposeA: true, transposeB: false, m: dy.columns, n: x.columns, k: dy.rows, a: dy.base,
      lda: dy.stride, b: x.base, ldb: x.stride, beta: beta, c: dw.base, ldc: dw.stride)
  }
}
