// Gradients summed into one buffer: training, update vectors, dumps.

/// A gradient over all parameters, laid out as the parameters.
public struct GradientBuffer<Scalar: ModelScalar>: ~Copyable, Sendable {
  public let layout: ParameterLayout
  public var values: Buffer<Scalar>

  public init(_ layout: ParameterLayout) {
    self.layout = layout
    values = Buffer(count: layout.count)
  }
}

/// Adds every gradient to a buffer; sides are not told apart.
struct GradientAccumulator<Scalar: ModelScalar>: GradientReceiver {
  let layout: ParameterLayout
  let base: UnsafeMutablePointer<Scalar>

  func linear(
    _ layers: ParameterLayout.FusedLinear, input x: Matrix<Scalar>,
    outputGradient dy: Matrix<Scalar>
  ) {
    let dw = Matrix(
      base + layout.parameters[layers.weights[0]].offset, rows: dy.columns, columns: x.columns)
    Matrix.multiply(transposed: dy, x, into: dw, beta: 1)
    if let bias = layers.biases.first {
      let db = base + layout.parameters[bias].offset
      for row in 0..<dy.rows { addScaled(1, dy.row(row), to: db, count: dy.columns) }
    }
  }

  func head(
    vocabulary: Range<Int>, input f: Matrix<Scalar>, outputGradient dLogits: Matrix<Scalar>
  ) {
    let dw = Matrix(
      base + layout.parameters[layout.head].offset, rows: layout.configuration.vocabularySize,
      columns: f.columns)
    Matrix.multiply(transposed: dLogits, f, into: dw.rows(vocabulary), beta: 1)
  }

  func vector(_ parameter: Int, side: Int, gradient: UnsafePointer<Scalar>) {
    let parameter = layout.parameters[parameter]
    addScaled(1, gradient, to: base + parameter.offset, count: parameter.count)
  }

  func embedding(tokens: [Int32], outputGradient dx: Matrix<Scalar>) {
    let dw = base + layout.parameters[layout.embedding].offset
    for (row, token) in tokens.enumerated() {
      addScaled(1, dx.row(row), to: dw + Int(token) * dx.columns, count: dx.columns)
    }
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
    var accumulator = GradientAccumulator<Scalar>(
      layout: model.layout, base: gradient.values.base)
    backward(coefficients: coefficients, into: &accumulator)
  }
}
