// Gradients summed into one buffer: training, update vectors, dumps.

/// Adds every gradient to a buffer; sides are not told apart.
final class GradientAccumulator<Scalar: ModelScalar>: GradientReceiver {
  private let layout: ParameterLayout
  private let base: UnsafeMutablePointer<Scalar>

  /// - Parameter base: The first scalar of a buffer over the layout.
  init(layout: ParameterLayout, base: UnsafeMutablePointer<Scalar>) {
    self.layout = layout
    self.base = base
  }

  private func pointer(_ parameter: Int) -> UnsafeMutablePointer<Scalar> {
    base + layout.parameters[parameter].offset
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    let dw = Matrix(pointer(parameters[0]), rows: dy.columns, columns: x.columns)
    Backend.multiply(transposed: dy, x, into: dw, beta: 1)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>) {
    Backend.addSum(of: dy, to: pointer(parameters[0]))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {
    Backend.addSum(of: gradient, to: pointer(parameter))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func head(
    _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>
  ) {
    let dw = table(parameter, width: f.columns).rows(rows)
    Backend.multiply(transposed: dLogits, f, into: dw, beta: 1)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>) {
    Backend.scatterAdding(dx, indices, to: table(parameter, width: dx.columns))
  }

  private func table(_ parameter: Int, width: Int) -> Matrix<Scalar> {
    Matrix(
      pointer(parameter), rows: layout.parameters[parameter].count / width, columns: width)
  }
}

extension Workspace {
  /// Adds ∇θ Σ_i c_i log π(y_i | ·) of the last scored batch to a gradient buffer.
  ///
  /// - Parameter coefficients: One a scored token, in order; sides are summed.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulateGradient(
    coefficients: [Scalar], into gradient: inout GradientBuffer<Scalar>
  ) {
    backward(
      coefficients: coefficients,
      into: GradientAccumulator(layout: model.layout, base: gradient.values.base))
  }
}
