// GeGLU (Shazeer, 2002.05202), row by row: gateUp holds gate and up halves side by side.
//
// F MLP size, R rows.
//
// h = g(gate) ∘ up with GELU g in the tanh form

extension CPU {
  /// h (R, F) of gateUp (R, 2F).
  static func geGLURows<Scalar: ModelScalar>(_ gateUp: Matrix<Scalar>, into h: Matrix<Scalar>) {
    let width = h.columns
    for row in 0..<h.rows {
      let (gate, h) = (gateUp.row(row), h.row(row))
      let up = gate + width
      cumulative(gate, count: width, form: .tanh, into: h)
      for i in 0..<width { h[i] = gate[i] * h[i] * up[i] }
    }
  }

  /// dGateUp (R, 2F) from dh (R, F), and h (R, F) again.
  static func geGLURowsBackward<Scalar: ModelScalar>(
    _ gateUp: Matrix<Scalar>, dh: Matrix<Scalar>, h: Matrix<Scalar>, dGateUp: Matrix<Scalar>
  ) {
    let width = h.columns
    for row in 0..<h.rows {
      let (gate, dh, h, dGate) = (gateUp.row(row), dh.row(row), h.row(row), dGateUp.row(row))
      let (up, dUp) = (gate + width, dGate + width)
      cumulative(gate, count: width, form: .tanh, into: dGate)
      for i in 0..<width {
        // In the forward pass this was: h[i] = gate[i] * Φ * up[i]
        let p = dGate[i]
        let activated = gate[i] * p
        h[i] = activated * up[i]
        dUp[i] = dh[i] * activated
        dGate[i] = dh[i] * up[i] * geluSlope(gate[i], p)
      }
    }
  }

  /// ḣ (R, F) from gateUp and its tangent (R, 2F).
  static func geGLURowsTangent<Scalar: ModelScalar>(
    _ gateUp: Matrix<Scalar>, _ dGateUp: Matrix<Scalar>, into dh: Matrix<Scalar>
  ) {
    let width = dh.columns
    for row in 0..<dh.rows {
      let (gate, dGate, out) = (gateUp.row(row), dGateUp.row(row), dh.row(row))
      let (up, dUp) = (gate + width, dGate + width)
      cumulative(gate, count: width, form: .tanh, into: out)
      for i in 0..<width {
        let p = out[i]
        out[i] = dGate[i] * up[i] * geluSlope(gate[i], p) + gate[i] * p * dUp[i]
      }
    }
  }
}
