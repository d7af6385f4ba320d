// h = silu(g) ∘ u of rows that contain g, then u. Keeps nothing: the backward recomputes σ(g), and
// with it h.

struct SwiGLU: Operation {
  let width: Int  // F

  var inputWidth: Int { 2 * width }
  var outputWidth: Int { width }
  var keepsOutput: Bool { false }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.swiGLURows(site.input, into: site.output)
  }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) {}

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    Backend.swiGLURowsBackward(
      site.input, dh: gradient.output, h: site.output, dGateUp: gradient.input)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: UnsafeMutablePointer<Scalar>
  ) {
    Backend.swiGLURowsTangent(site.input, tangent.input, into: tangent.output)
  }
}
