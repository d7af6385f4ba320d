// A view of rows in memory that it does not own.

/// A row-major matrix view. It is valid as long as the memory that it points to. Matrices that a
/// pass hands to a `GradientReceiver` are valid during that call only.
public struct Matrix<Scalar: ModelScalar> {
  package let base: UnsafeMutablePointer<Scalar>
  public let rows: Int
  public let columns: Int
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

  /// A view of the first columns.
  func firstColumns(_ count: Int) -> Matrix { columns(0..<count) }

  /// Reads a row.
  public func withRow<Result>(_ index: Int, _ body: (Span<Scalar>) throws -> Result) rethrows
    -> Result
  {
    precondition(0..<rows ~= index, "no such row")
    return try body(Span(_unsafeStart: row(index), count: columns))
  }
}
