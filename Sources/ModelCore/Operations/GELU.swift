// h = g(x), elementwise. Keeps nothing: the backward recomputes Φ, and with it h.

struct GELU: Operation {
  let width: Int  // F
  let form: GELUForm

  var inputWidth: Int { width }
  var outputWidth: Int { width }
  var keepsOutput: Bool { false }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.geluRows(site.input, form: form, into: site.output)
  }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) {}

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    Backend.geluRowsBackward(
      site.input, form: form, dh: gradient.output, h: site.output, dx: gradient.input)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.geluRowsTangent(site.input, form: form, tangent.input, into: tangent.output)
  }
}
