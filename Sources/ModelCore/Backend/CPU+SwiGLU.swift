// SwiGLU (Shazeer, 2002.05202) of one row, the gate half followed by the up half.
//
// h = silu(g) ∘ u,  silu(g) = g σ(g),  silu'(g) = σ(g) (1 + g (1 − σ(g)))

/// h (F) of a row gateUp (2F); h serves as scratch for σ(g).
@inline(__always)
package func swiGLU<Scalar: ModelScalar>(
  _ gateUp: UnsafePointer<Scalar>, width: Int, into h: UnsafeMutablePointer<Scalar>
) {
  let up = gateUp + width
  Scalar.Kernels.sigmoid(gateUp, count: width, into: h)
  for i in 0..<width { h[i] = gateUp[i] * h[i] * up[i] }
}

/// dGateUp (2F) from dh (F), and h (F) again, which the weight gradient of the next operation
/// needs. Both are computed in one pass, since both need σ(g), the expensive part. `h` and `dh`
/// must not overlap.
@inline(__always)
package func swiGLUBackward<Scalar: ModelScalar>(
  _ gateUp: UnsafePointer<Scalar>, dh: UnsafePointer<Scalar>, width: Int,
  h: UnsafeMutablePointer<Scalar>, dGateUp: UnsafeMutablePointer<Scalar>
) {
  let up = gateUp + width
  let dUp = dGateUp + width
  Scalar.Kernels.sigmoid(gateUp, count: width, into: dGateUp)
  for i in 0..<width {
    // In the forward pass this was: h[i] = gate[i] * σ * up[i]
    let s = dGateUp[i]
    let silu = gateUp[i] * s
    h[i] = silu * up[i]
    dUp[i] = dh[i] * silu
    dGateUp[i] = dh[i] * up[i] * (s + silu * (1 - s))
  }
}

extension CPU {
  /// h (R, F) of gateUp (R, 2F).
  static func swiGLURows<Scalar: ModelScalar>(_ gateUp: Matrix<Scalar>, into h: Matrix<Scalar>) {
    for row in 0..<h.rows { swiGLU(gateUp.row(row), width: h.columns, into: h.row(row)) }
  }

  /// dGateUp (R, 2F) from dh (R, F), and h (R, F) again.
  static func swiGLURowsBackward<Scalar: ModelScalar>(
    _ gateUp: Matrix<Scalar>, dh: Matrix<Scalar>, h: Matrix<Scalar>, dGateUp: Matrix<Scalar>
  ) {
    for row in 0..<h.rows {
      swiGLUBackward(
        gateUp.row(row), dh: dh.row(row), width: h.columns, h: h.row(row),
        dGateUp: dGateUp.row(row))
    }
  }

  /// ḣ (R, F) from gateUp and its tangent (R, 2F).
  static func swiGLURowsTangent<Scalar: ModelScalar>(
    _ gateUp: Matrix<Scalar>, _ dGateUp: Matrix<Scalar>, into dh: Matrix<Scalar>
  ) {
    let width = dh.columns
    for row in 0..<dh.rows {
      let gate = gateUp.row(row)
      let up = gate + width
      let dGate = dGateUp.row(row)
      let dUp = dGate + width
      let out = dh.row(row)
      Scalar.Kernels.sigmoid(gate, count: width, into: out)
      for i in 0..<width {
        let s = out[i]
        let silu = gate[i] * s
        out[i] = dGate[i] * up[i] * (s + silu * (1 - s)) + silu * dUp[i]
      }
    }
  }
}
