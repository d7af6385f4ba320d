// SwiGLU (Shazeer, 2002.05202) of one row: the gate and up halves lie side by side.
//
// h = silu(g) ∘ u,  silu(g) = g σ(g),  silu'(g) = σ(g) (1 + g (1 − σ(g)))

/// h (F) of a row gateUp (2F); h serves as scratch for σ(g).
@inline(__always)
package func swiGLU<Scalar: ModelScalar>(
  _ gateUp: UnsafePointer<Scalar>, width: Int, into h: UnsafeMutablePointer<Scalar>
) {
  let up = gateUp + width
  Scalar.sigmoid(gateUp, count: width, into: h)
  for i in 0..<width { h[i] = gateUp[i] * h[i] * up[i] }
}

/// dGateUp (2F) from dh (F), and h (F) again, which the weight gradient of what follows needs: one
/// pass, since σ(g) is the cost of both. `h` must be other memory than `dh`.
@inline(__always)
package func swiGLUBackward<Scalar: ModelScalar>(
  _ gateUp: UnsafePointer<Scalar>, dh: UnsafePointer<Scalar>, width: Int,
  h: UnsafeMutablePointer<Scalar>, dGateUp: UnsafeMutablePointer<Scalar>
) {
  let up = gateUp + width
  let dUp = dGateUp + width
  Scalar.sigmoid(gateUp, count: width, into: dGateUp)
  for i in 0..<width {
    // In the forward pass this was: h[i] = gate[i] * σ * up[i]
    let s = dGateUp[i]
    let silu = gateUp[i] * s
    h[i] = silu * up[i]
    dUp[i] = dh[i] * silu
    dGateUp[i] = dh[i] * up[i] * (s + silu * (1 - s))
  }
}
