// h = a(g) ∘ u of rows that contain g, then u, with an activation a. Keeps nothing: the backward computes a(g) again, and
// with it h.

struct GLU: Operation {
  /// The activation of the gate.
  enum Activation: Sendable {
    /// SwiGLU
    case silu
    /// GeGLU, in the tanh form
    case gelu

    /// h (R, F) of gateUp (R, 2F).
    func forward<Scalar: ModelScalar>(_ gateUp: Matrix<Scalar>, into h: Matrix<Scalar>) {
      switch self {
      case .silu: Backend.swiGLURows(gateUp, into: h)
      case .gelu: Backend.geGLURows(gateUp, into: h)
      }
    }

    /// dGateUp (R, 2F) from dh (R, F), and h again.
    func backward<Scalar: ModelScalar>(
      _ gateUp: Matrix<Scalar>, dh: Matrix<Scalar>, h: Matrix<Scalar>, dGateUp: Matrix<Scalar>
    ) {
      switch self {
      case .silu: Backend.swiGLURowsBackward(gateUp, dh: dh, h: h, dGateUp: dGateUp)
      case .gelu: Backend.geGLURowsBackward(gateUp, dh: dh, h: h, dGateUp: dGateUp)
      }
    }

    /// ḣ (R, F) from gateUp and its tangent (R, 2F).
    func tangent<Scalar: ModelScalar>(
      _ gateUp: Matrix<Scalar>, _ dGateUp: Matrix<Scalar>, into dh: Matrix<Scalar>
    ) {
      switch self {
      case .silu: Backend.swiGLURowsTangent(gateUp, dGateUp, into: dh)
      case .gelu: Backend.geGLURowsTangent(gateUp, dGateUp, into: dh)
      }
    }
  }

  let width: Int  // F
  let activation: Activation

  var inputWidth: Int { 2 * width }
  var outputWidth: Int { width }
  var keepsOutput: Bool { false }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    activation.forward(site.input, into: site.output)
  }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) {}

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    activation.backward(
      site.input, dh: gradient.output, h: site.output, dGateUp: gradient.input)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    activation.tangent(site.input, tangent.input, into: tangent.output)
  }
}
