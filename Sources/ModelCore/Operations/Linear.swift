// y = x Wᵀ + b. Keeps y, the result of the expensive product. x must be available when dW = dyᵀ x
// is handed over.

/// Linear layers that read the same input: weights (N, K) that are adjacent in the layout and are
/// one matrix product, and their biases, if any.
struct Linear: Operation {
  let weights: [Weight]
  let biases: [Weight]
  let inputWidth: Int  // K
  let outputWidth: Int  // N, of all together
  /// Factors of an adapter beside some of the weights.
  var factors: [LowRankFactors] = []
  var keepsOutput: Bool { true }

  private func matrix<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>
  ) -> Matrix<Scalar> {
    parameters.matrix(weights[0], rows: outputWidth, columns: inputWidth)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.multiply(
      site.input, transposed: matrix(site.parameters), into: site.output, beta: site.beta)
    if let bias = biases.first {  // the others lie behind it
      Backend.add(vector: site.parameters[bias], to: site.output)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    Backend.multiply(
      gradient.output, matrix(site.parameters), into: gradient.input, beta: gradient.beta)
  }

  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    receiver.weights(weights.map(\.index), outputGradient: gradient.output, input: site.input)
    if !biases.isEmpty {
      receiver.biases(biases.map(\.index), outputGradient: gradient.output)
    }
    for factors in factors { factors.deliver(site, gradient, into: receiver) }
  }

  /// ẏ = ẋ Wᵀ + x Ẇᵀ + ḃ
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.multiply(
      tangent.input, transposed: matrix(site.parameters), into: tangent.output,
      beta: tangent.beta)
    Backend.multiply(site.input, transposed: matrix(direction), into: tangent.output, beta: 1)
    if let bias = biases.first {
      Backend.add(vector: direction[bias], to: tangent.output)
    }
    for factors in factors { factors.tangent(site, tangent, along: direction) }
  }
}
