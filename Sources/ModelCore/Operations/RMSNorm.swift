// y = w ∘ x / √(mean(x²) + ε). Keeps nothing: y is recomputed before the backward, and x̂ inside
// its kernel.

struct RMSNorm: Operation {
  let weight: Weight  // (N)
  let epsilon: Double

  var inputWidth: Int { weight.count }
  var outputWidth: Int { weight.count }
  var keepsOutput: Bool { false }
  func scratchCount(longest: Int) -> Int { weight.count }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    precondition(site.beta == 0, "a norm does not end a branch")
    Backend.rmsNormRows(
      site.input, weight: site.parameters[weight], epsilon: Scalar(epsilon), into: site.output)
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
      Backend.rmsNormRowsBackward(
        site.input.rows(rows), weight: site.parameters[weight], dy: gradient.output.rows(rows),
        epsilon: Scalar(epsilon), beta: gradient.beta, dx: gradient.input.rows(rows),
        dWeight: dWeight.base)
      receiver.vector(weight.index, side: side, gradient: dWeight)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: UnsafeMutablePointer<Scalar>
  ) {
    Backend.rmsNormRowsTangent(
      site.input, tangent.input, weight: site.parameters[weight], dWeight: direction[weight],
      epsilon: Scalar(epsilon), into: tangent.output)
  }
}
