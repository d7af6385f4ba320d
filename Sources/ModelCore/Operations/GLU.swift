// h = a(g) ∘ u of rows that contain g, then u, with an activation a. Keeps nothing: the backward computes a(g) again, and
// with it h.

struct GLU: Operation {
  /// The activation of the gate.
  enum Activation: Sendable {
    /// SwiGLU
    case silu
    /// GeGLU, in the tanh form
    case gelu
  }

  let width: Int  // F
  let activation: Activation

  var inputWidth: Int { 2 * width }
  var outputWidth: Int { width }
  var keepsOutput: Bool { false }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    switch activation {
    case .silu: Backend.swiGLURows(site.input, into: site.output)
    case .gelu: Backend.geGLURows(site.input, into: site.output)
    }
  }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) {}

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    switch activation {
    case .silu:
      Backend.swiGLURowsBackward(
        site.input, dh: gradient.output, h: site.output, dGateUp: gradient.input)
    case .gelu:
      Backend.geGLURowsBackward(
        site.input, dh: gradient.output, h: site.output, dGateUp: gradient.input)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: UnsafeMutablePointer<Scalar>
  ) {
    switch activation {
    case .silu: Backend.swiGLURowsTangent(site.input, tangent.input, into: tangent.output)
    case .gelu: Backend.geGLURowsTangent(site.input, tangent.input, into: tangent.output)
    }
  }
}
