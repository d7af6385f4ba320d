// y = x W + b with W stored as (inputs, outputs), which transformers calls Conv1D. Keeps y. x must
// be available when dW = xᵀ dy is handed over.

struct TransposedLinear: Operation {
  let weight: Weight  // (K, N)
  let bias: Weight  // (N)
  let inputWidth: Int  // K
  var outputWidth: Int { bias.count }
  var keepsOutput: Bool { true }

  private func matrix<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>
  ) -> Matrix<Scalar> {
    parameters.matrix(weight, rows: inputWidth, columns: outputWidth)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.multiply(site.input, matrix(site.parameters), into: site.output, beta: site.beta)
    Backend.add(vector: site.parameters[bias], to: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    Backend.multiply(
      gradient.output, transposed: matrix(site.parameters), into: gradient.input,
      beta: gradient.beta)
  }

  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    // The stored matrix has one row per input, so x and dy are exchanged.
    receiver.weights([weight.index], outputGradient: site.input, input: gradient.output)
    receiver.biases([bias.index], outputGradient: gradient.output)
  }

  /// ẏ = ẋ W + x Ẇ + ḃ
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.multiply(
      tangent.input, matrix(site.parameters), into: tangent.output, beta: tangent.beta)
    Backend.multiply(site.input, matrix(direction), into: tangent.output, beta: 1)
    Backend.add(vector: direction[bias], to: tangent.output)
  }
}
