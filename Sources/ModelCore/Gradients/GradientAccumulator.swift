// Gradients summed into one buffer: training, update vectors, dumps.

/// Adds every gradient to a buffer; sides are summed, too.
///
/// What lies outside the buffer's slice is left out. What the slice cuts is added whole, with products of
/// the same shapes, so that every scalar has the bits that it has without a slice.
final class GradientAccumulator<Scalar: ModelScalar>: GradientReceiver {
  private let layout: ParameterLayout
  /// The scalars that are asked for.
  private let range: Range<Int>
  /// Where the layout's first scalar would be.
  private let origin: UnsafeMutablePointer<Scalar>
  let lowestLayer: Int

  /// - Parameter base: The first scalar of a buffer over the layout.
  init(layout: ParameterLayout, base: UnsafeMutablePointer<Scalar>) {
    self.layout = layout
    range = 0..<layout.count
    origin = base
    lowestLayer = -1
  }

  init(_ gradient: inout GradientBuffer<Scalar>) {
    layout = gradient.layout
    range = gradient.range
    origin = gradient.values.base - gradient.held.lowerBound
    lowestLayer = gradient.layout.lowestLayer(gradient.range)
  }

  /// Whether parameters that lie one after another have scalars in the slice.
  private func isAskedFor(_ parameters: [Int]) -> Bool {
    parameters.contains { layout.parameters[$0].range.overlaps(range) }
  }

  private func pointer(_ parameter: Int) -> UnsafeMutablePointer<Scalar> {
    origin + layout.parameters[parameter].offset
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    guard isAskedFor(parameters) else { return }
    let dw = Matrix(pointer(parameters[0]), rows: dy.columns, columns: x.columns)
    Backend.multiply(transposed: dy, x, into: dw, beta: 1)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>) {
    guard isAskedFor(parameters) else { return }
    Backend.addSum(of: dy, to: pointer(parameters[0]))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {
    guard isAskedFor([parameter]) else { return }
    Backend.addSum(of: gradient, to: pointer(parameter))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func head(
    _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>
  ) {
    let width = f.columns
    let first = layout.parameters[parameter].offset
    guard range.overlaps(first + rows.lowerBound * width..<first + rows.upperBound * width) else {
      return
    }
    let dw = table(parameter, width: width).rows(rows)
    Backend.multiply(transposed: dLogits, f, into: dw, beta: 1)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>) {
    guard isAskedFor([parameter]) else { return }
    Backend.scatterAdding(dx, indices, to: table(parameter, width: dx.columns))
  }

  private func table(_ parameter: Int, width: Int) -> Matrix<Scalar> {
    Matrix(
      pointer(parameter), rows: layout.parameters[parameter].count / width, columns: width)
  }
}

extension Workspace {
  /// Adds ∇θ Σ_i c_i log π(y_i | ·) of the last scored batch to a gradient buffer, or to its slice.
  ///
  /// - Parameter coefficients: One a scored token, in order; sides are summed.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulateGradient(
    coefficients: [Scalar], into gradient: inout GradientBuffer<Scalar>
  ) {
    backward(coefficients: coefficients, into: GradientAccumulator(&gradient))
  }
}
