// Several whole gradients in one allocation, and the products between them.

/// `count` gradients over one layout; for models small enough that they fit.
///
/// Workers may fill different gradients at the same time; nobody reads one that is being filled.
public final class GradientSet<Scalar: ModelScalar>: @unchecked Sendable {
  public let layout: ParameterLayout
  public let count: Int
  private let values: Buffer<Scalar>  // (count, P)

  /// Bytes that a set of so many gradients takes.
  public static func byteCount(_ layout: ParameterLayout, count: Int) -> Int {
    layout.count * count * MemoryLayout<Scalar>.stride
  }

  /// `count` gradients, all zero.
  public init(_ layout: ParameterLayout, count: Int) {
    self.layout = layout
    self.count = count
    values = Buffer(count: layout.count * count)
  }

  private func row(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    precondition(index >= 0 && index < count, "no such gradient")
    return values.base + index * layout.count
  }

  /// Adds ∇θ Σ_i c_i log π(y_i | ·) of a workspace's last scored batch to a gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulate(
    _ workspace: Workspace<Scalar>, coefficients: [Scalar], into index: Int
  ) {
    workspace.backward(
      coefficients: coefficients, into: GradientAccumulator(layout: layout, base: row(index)))
  }

  /// Adds `scale` times a gradient buffer to a gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func add(_ other: borrowing Buffer<Scalar>, scaledBy scale: Scalar = 1, to index: Int) {
    precondition(other.count == layout.count, "a gradient of another layout")
    addScaled(scale, other.base, to: row(index), count: layout.count)
  }

  /// Sets a gradient to zero.
  public func clear(_ index: Int) {
    row(index).update(repeating: 0, count: layout.count)
  }

  /// Makes a gradient Σ coefficient · g over others; `target` is not among them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func combine(_ terms: [(coefficient: Scalar, index: Int)], into target: Int) {
    clear(target)
    for term in terms {
      addScaled(term.coefficient, row(term.index), to: row(target), count: layout.count)
    }
  }

  /// Σ g² / n over some gradients, element by element: Adam's second moment of a constant stream.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func meanSquare(_ indices: [Int]) -> Buffer<Scalar> {
    let mean = Buffer<Scalar>(count: layout.count)
    let share = 1 / Scalar(indices.count)
    for index in indices {
      Backend.addSquares(share, row(index), to: mean.base, count: layout.count)
    }
    return mean
  }

  /// target = g / (√v + ε): a gradient in Adam's metric.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func rescale(
    _ index: Int, by secondMoment: borrowing Buffer<Scalar>, epsilon: Scalar, into target: Int
  ) {
    Backend.rescale(
      row(index), by: secondMoment.base, epsilon: epsilon, into: row(target), count: layout.count)
  }

  /// target = g / (|g| + ε): the first step of Adam from fresh moments, up to the learning rate.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func firstAdamStep(_ index: Int, epsilon: Scalar, into target: Int) {
    Backend.rescale(
      row(index), byOwnMagnitude: epsilon, into: row(target), count: layout.count)
  }

  /// out += scale · gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func add(_ index: Int, scaledBy scale: Scalar, to out: inout Buffer<Scalar>) {
    precondition(out.count == layout.count, "a gradient of another layout")
    addScaled(scale, row(index), to: out.base, count: layout.count)
  }

  /// <g_i, g_j> of all i in `first` and j in `second`, row-major, arithmetic in Double.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func products(_ first: Range<Int>, _ second: Range<Int>) -> [Double] {
    // A piece of every gradient at a time, widened to Double.
    let piece = 1024
    let wideFirst = Buffer<Double>(count: first.count * piece)
    let wideSecond = Buffer<Double>(count: second.count * piece)
    let out = Buffer<Double>(count: first.count * second.count)
    for start in stride(from: 0, to: layout.count, by: piece) {
      let length = min(piece, layout.count - start)
      for (rows, wide) in [(first, wideFirst.base), (second, wideSecond.base)] {
        for (place, index) in rows.enumerated() {
          Backend.widen(row(index) + start, into: wide + place * piece, count: length)
        }
      }
      Backend.multiply(
        Matrix(wideFirst.base, rows: first.count, columns: length, stride: piece),
        transposed: Matrix(wideSecond.base, rows: second.count, columns: length, stride: piece),
        into: Matrix(out.base, rows: first.count, columns: second.count), beta: 1)
    }
    return Array(UnsafeBufferPointer(start: out.base, count: out.count))
  }
}
