// The factors of a low-rank adapter beside a matrix of a linear layer: W = W₀ + s B A is in place, so the forward does not
// see them. They have gradients of their own.
//
// K inputs, N outputs, r rank; R rows.
//
//   dA = s Bᵀ dW = (s dy B)ᵀ x,  dB = s dW Aᵀ = dyᵀ (s x Aᵀ)
//   ẏ += s (x Ȧᵀ Bᵀ + x Aᵀ Ḃᵀ)

struct LowRankFactors: Sendable {
  let a: Weight  // (r, K)
  let b: Weight  // (N, r)
  let rank: Int
  let scale: Double
  /// The outputs of the matrix among those of its layer.
  let columns: Range<Int>

  private func matrices<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>
  ) -> (a: Matrix<Scalar>, b: Matrix<Scalar>) {
    (
      parameters.matrix(a, rows: rank, columns: a.count / rank),
      parameters.matrix(b, rows: columns.count, columns: rank, panel: 1)
    )
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func deliver<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    let (aMatrix, bMatrix) = matrices(site.parameters)
    let dy = gradient.output.columns(columns)
    let memory = Buffer<Scalar>(count: dy.rows * rank)
    let inner = Matrix(memory.base, rows: dy.rows, columns: rank)
    Backend.multiply(site.input, transposed: aMatrix, into: inner)
    Backend.scale(inner, by: Scalar(scale))
    receiver.weights([b.index], outputGradient: dy, input: inner)
    Backend.multiply(dy, bMatrix, into: inner)
    Backend.scale(inner, by: Scalar(scale))
    receiver.weights([a.index], outputGradient: inner, input: site.input)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    let (aMatrix, bMatrix) = matrices(site.parameters)
    let (dA, dB) = matrices(direction)
    let output = tangent.output.columns(columns)
    let memory = Buffer<Scalar>(count: output.rows * rank)
    let inner = Matrix(memory.base, rows: output.rows, columns: rank)
    for (down, up) in [(dA, bMatrix), (aMatrix, dB)] {
      Backend.multiply(site.input, transposed: down, into: inner)
      Backend.scale(inner, by: Scalar(scale))
      Backend.multiply(inner, transposed: up, into: output, beta: 1)
    }
  }
}
