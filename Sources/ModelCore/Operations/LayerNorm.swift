// y = w ∘ x̂ + b with x̂ of mean 0 and variance 1. Keeps nothing: y is recomputed before the
// backward, and x̂ inside its kernel.

struct LayerNorm: Operation {
  let weight: Weight  // (N)
  let bias: Weight  // (N)
  let epsilon: Double

  var inputWidth: Int { weight.count }
  var outputWidth: Int { weight.count }
  var keepsOutput: Bool { false }
  func scratchCount(longest: Int) -> Int { weight.count }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    precondition(site.beta == 0, "a norm does not end a branch")
    Backend.layerNormRows(
      site.input, weight: site.parameters[weight], bias: site.parameters[bias],
      epsilon: Scalar(epsilon), into: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    let dWeight = Matrix(site.scratch, rows: 1, columns: weight.count)
    for (side, rows) in site.rows.sides.enumerated() {
      Backend.clear(dWeight)
      Backend.layerNormRowsBackward(
        site.input.rows(rows), weight: site.parameters[weight], dy: gradient.output.rows(rows),
        epsilon: Scalar(epsilon), beta: gradient.beta, dx: gradient.input.rows(rows),
        dWeight: dWeight.base)
      receiver.vector(weight.index, side: side, gradient: dWeight)
      Backend.clear(dWeight)
      Backend.addSum(of: gradient.output.rows(rows), to: dWeight.base)
      receiver.vector(bias.index, side: side, gradient: dWeight)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.layerNormRowsTangent(
      site.input, tangent.input, weight: site.parameters[weight], dWeight: direction[weight],
      dBias: direction[bias], epsilon: Scalar(epsilon), into: tangent.output)
  }
}
