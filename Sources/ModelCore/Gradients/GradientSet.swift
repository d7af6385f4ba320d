// Several gradients, or one slice of each, in one allocation, and the products between them.

/// `count` gradients over one layout, or over one slice of it.
///
/// Workers may fill different gradients at the same time; nobody reads one that is being filled.
public final class GradientSet<Scalar: ModelScalar>: @unchecked Sendable {
  public let layout: ParameterLayout
  /// The scalars of the layout that each gradient has here.
  public private(set) var range: Range<Int>
  public let count: Int
  private let stride: Int
  private let values: Buffer<Scalar>  // (count, stride)

  /// Bytes that a set of so many whole gradients takes.
  public static func byteCount(_ layout: ParameterLayout, count: Int) -> Int {
    layout.count * count * MemoryLayout<Scalar>.stride
  }

  /// `count` gradients, all zero.
  ///
  /// - Parameter range: The slice of the layout that is held; all of it without one.
  public init(_ layout: ParameterLayout, range: Range<Int>? = nil, count: Int) {
    let range = range ?? 0..<layout.count
    precondition(range.lowerBound >= 0 && range.upperBound <= layout.count, "no such scalars")
    self.layout = layout
    self.range = range
    self.count = count
    stride = range.count
    values = Buffer(count: range.count * count)
  }

  private var length: Int { range.count }

  private func row(_ index: Int) -> UnsafeMutablePointer<Scalar> {
    precondition(index >= 0 && index < count, "no such gradient")
    return values.base + index * stride
  }

  /// Adds ∇θ Σ_i c_i log π(y_i | ·) of a workspace's last scored batch to a whole gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulate(
    _ workspace: Workspace<Scalar>, coefficients: [Scalar], into index: Int
  ) {
    precondition(length == layout.count, "a slice of a gradient (expected a whole one)")
    workspace.backward(
      coefficients: coefficients, into: GradientAccumulator(layout: layout, base: row(index)))
  }

  /// Adds scale · gradient, or the part of it that is held here.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func add(
    _ gradient: borrowing GradientBuffer<Scalar>, scaledBy scale: Scalar = 1, to index: Int
  ) {
    precondition(
      gradient.layout.count == layout.count && gradient.range.lowerBound <= range.lowerBound
        && gradient.range.upperBound >= range.upperBound, "another slice of a gradient")
    addScaled(
      scale, gradient.values.base + (range.lowerBound - gradient.held.lowerBound), to: row(index),
      count: length)
  }

  /// Sets a gradient to zero.
  public func clear(_ index: Int) {
    row(index).update(repeating: 0, count: length)
  }

  // MARK: - Element by element

  /// Makes a gradient Σ coefficient · g over others; `target` is not among them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func combine(_ terms: [(coefficient: Scalar, index: Int)], into target: Int) {
    clear(target)
    for term in terms {
      addScaled(term.coefficient, row(term.index), to: row(target), count: length)
    }
  }

  /// target = Σ g² / n over some gradients: Adam's second moment of a constant stream.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func meanSquare(_ indices: [Int], into target: Int) {
    clear(target)
    let share = 1 / Scalar(indices.count)
    for index in indices {
      Backend.addSquares(share, row(index), to: row(target), count: length)
    }
  }

  /// target = g / (√v + ε): a gradient in Adam's metric; v is another gradient's place.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func rescale(_ index: Int, by secondMoment: Int, epsilon: Scalar, into target: Int) {
    Backend.rescale(
      row(index), by: row(secondMoment), epsilon: epsilon, into: row(target), count: length)
  }

  /// target = g / (|g| + ε): the first step of Adam from fresh moments, up to the learning rate.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func firstAdamStep(_ index: Int, epsilon: Scalar, into target: Int) {
    Backend.rescale(row(index), byOwnMagnitude: epsilon, into: row(target), count: length)
  }

  /// out += scale · gradient, of whole gradients.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func add(_ index: Int, scaledBy scale: Scalar, to out: inout Buffer<Scalar>) {
    precondition(
      out.count == layout.count && length == layout.count, "a gradient of another layout")
    addScaled(scale, row(index), to: out.base, count: length)
  }

  // MARK: - Products

  /// <g_i, g_j> of all i in `first` and j in `second`, row-major, arithmetic in Double.
  public func products(_ first: Range<Int>, _ second: Range<Int>) -> [Double] {
    var sums = [Double](repeating: 0, count: first.count * second.count)
    addProducts(first, second, to: &sums)
    return sums
  }

  /// Adds <g_i, g_j> of all i in `first` and j in `second`, row-major, arithmetic in Double.
  ///
  /// Slices that begin at multiples of `ParameterLayout.sliceGrain` and are added in order give the bits
  /// of whole gradients.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func addProducts(_ first: Range<Int>, _ second: Range<Int>, to sums: inout [Double]) {
    let scratch = ProductScratch(first, second)
    for start in Swift.stride(from: 0, to: length, by: ProductScratch.piece) {
      addProducts(
        first, second, start..<min(start + ProductScratch.piece, length), scratch, to: &sums)
    }
  }

  /// Adds <gradient, g_j> of all j in `rows` and then |gradient|², arithmetic in Double, to a sum each; slices as
  /// above.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func addProducts(
    _ gradient: borrowing GradientBuffer<Scalar>, with rows: Range<Int>, to sums: inout [Double]
  ) {
    precondition(
      sums.count == rows.count + 1 && gradient.layout.count == layout.count
        && gradient.range == range, "one sum a row and one more, of the same slice")
    let own = gradient.values.base + (range.lowerBound - gradient.held.lowerBound)
    for start in Swift.stride(from: 0, to: length, by: ParameterLayout.sliceGrain) {
      let count = min(ParameterLayout.sliceGrain, length - start)
      for (place, index) in rows.enumerated() {
        sums[place] += wideDot(own + start, row(index) + start, count: count)
      }
      sums[rows.count] += wideDot(own + start, own + start, count: count)
    }
  }

  /// A piece of every gradient, widened to Double.
  private struct ProductScratch: ~Copyable {
    static var piece: Int { ParameterLayout.sliceGrain }
    let first: Buffer<Double>
    let second: Buffer<Double>

    init(_ first: Range<Int>, _ second: Range<Int>) {
      self.first = Buffer(count: first.count * Self.piece)
      self.second = Buffer(count: first == second ? 0 : second.count * Self.piece)
    }
  }

  /// Adds the products over one piece of the scalars that are held.
  private func addProducts(
    _ first: Range<Int>, _ second: Range<Int>, _ scalars: Range<Int>,
    _ scratch: borrowing ProductScratch, to sums: inout [Double]
  ) {
    precondition(sums.count == first.count * second.count, "one sum a pair")
    func widened(_ rows: Range<Int>, _ base: UnsafeMutablePointer<Double>) -> Matrix<Double> {
      for (place, index) in rows.enumerated() {
        Backend.widen(
          row(index) + scalars.lowerBound, into: base + place * ProductScratch.piece,
          count: scalars.count)
      }
      return Matrix(
        base, rows: rows.count, columns: scalars.count, stride: ProductScratch.piece)
    }
    let a = widened(first, scratch.first.base)
    let b = first == second ? a : widened(second, scratch.second.base)
    sums.withUnsafeMutableBufferPointer { sums in
      guard let out = sums.baseAddress else { return }
      Backend.multiply(
        a, transposed: b, into: Matrix(out, rows: first.count, columns: second.count), beta: 1)
    }
  }

  /// Adds |g_i|² of every i in `indices` to a sum of its own.
  public func addSquaredNorms(_ indices: Range<Int>, to sums: inout [Double]) {
    precondition(sums.count == indices.count, "one sum a gradient")
    for (place, index) in indices.enumerated() {
      var sum = [sums[place]]
      addProducts(index..<index + 1, index..<index + 1, to: &sum)
      sums[place] = sum[0]
    }
  }

  /// Adds the products of `productCount` vectors that are functions of these gradients, element by
  /// element, so that these vectors never exist as a whole.
  ///
  /// - Parameters:
  ///   - rowCount: The vectors that `derive` works with: these gradients come first, at their places.
  ///   - productCount: The products are those of the first so many of them, all with all.
  ///   - sums: Row-major. (productCount, productCount)
  ///   - derive: Fills the other vectors; called for one piece of all of them after the other.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func addProducts(
    of productCount: Int, derivedIn rowCount: Int, to sums: inout [Double],
    _ derive: (GradientSet<Scalar>) -> Void
  ) {
    precondition(rowCount >= max(count, productCount), "room for these gradients")
    let piece = ProductScratch.piece
    let pieces = GradientSet(layout, range: 0..<min(piece, length), count: rowCount)
    let scratch = ProductScratch(0..<productCount, 0..<productCount)
    for start in Swift.stride(from: 0, to: length, by: piece) {
      let first = range.lowerBound + start
      pieces.range = first..<min(first + piece, range.upperBound)
      for index in 0..<count {
        pieces.row(index).update(from: row(index) + start, count: pieces.length)
      }
      derive(pieces)
      pieces.addProducts(
        0..<productCount, 0..<productCount, 0..<pieces.length, scratch, to: &sums)
    }
  }
}
