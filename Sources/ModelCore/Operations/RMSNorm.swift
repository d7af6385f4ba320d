// y = w ∘ x / √(mean(x²) + ε). Keeps nothing: y is recomputed before the backward, and x̂ inside
// its kernel.

struct RMSNorm: Operation {
  let weight: Weight  // (N)
  let epsilon: Double
  /// What is added to the stored weights: 1 for models that store w − 1.
  let offset: Double

  init(weight: Weight, epsilon: Double, offset: Double = 0) {
    self.weight = weight
    self.epsilon = epsilon
    self.offset = offset
  }

  var inputWidth: Int { weight.count }
  var outputWidth: Int { weight.count }
  var keepsOutput: Bool { false }
  func scratchCount(longest: Int) -> Int { (offset == 0 ? 1 : 2) * weight.count }

  /// w of a site; with an offset in the second half of the scratch.
  private func weights<Scalar: ModelScalar>(_ site: Site<Scalar>) -> UnsafeMutablePointer<Scalar> {
    guard offset != 0 else { return site.parameters[weight] }
    let weights = site.scratch + weight.count
    Backend.shift(site.parameters[weight], by: Scalar(offset), count: weight.count, into: weights)
    return weights
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.rmsNormRows(
      site.input, weight: weights(site), epsilon: Scalar(epsilon), beta: site.beta,
      into: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    let dWeight = Matrix(site.scratch, rows: 1, columns: weight.count)
    let weights = weights(site)
    for (side, rows) in site.rows.sides.enumerated() {
      Backend.clear(dWeight)
      Backend.rmsNormRowsBackward(
        site.input.rows(rows), weight: weights, dy: gradient.output.rows(rows),
        epsilon: Scalar(epsilon), beta: gradient.beta, dx: gradient.input.rows(rows),
        dWeight: dWeight.base)
      receiver.vector(weight.index, side: side, gradient: dWeight)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.rmsNormRowsTangent(
      site.input, tangent.input, weight: weights(site), dWeight: direction[weight],
      epsilon: Scalar(epsilon), beta: tangent.beta, into: tangent.output)
  }
}
