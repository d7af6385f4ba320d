// GELU (Hendrycks & Gimpel, 1606.08415) in the tanh form that GPT-2 uses (`gelu_new`).
//
// g(x) = x (1 + tanh u) / 2 = x σ(2u),  u = √(2/π) (x + 0.044715 x³)
// g'(x) = σ + x σ (1 − σ) 2u',  u' = √(2/π) (1 + 3 · 0.044715 x²), with σ = σ(2u)

/// 2 √(2/π)
private let slope = 1.595_769_121_605_731
private let cubic = 0.044_715

/// h = g(x), elementwise; h serves as scratch for σ.
@inline(__always)
package func gelu<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, into h: UnsafeMutablePointer<Scalar>
) {
  sigmoidOfTwiceU(x, count: count, into: h)
  for i in 0..<count { h[i] = x[i] * h[i] }
}

/// out = σ(2u)
@inline(__always)
private func sigmoidOfTwiceU<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, into out: UnsafeMutablePointer<Scalar>
) {
  let (a, b) = (Scalar(slope), Scalar(slope * cubic))
  for i in 0..<count { out[i] = x[i] * (a + b * (x[i] * x[i])) }
  Scalar.Kernels.sigmoid(out, count: count, into: out)
}

/// g'(x) from σ.
@inline(__always)
private func geluSlope<Scalar: ModelScalar>(_ x: Scalar, _ s: Scalar) -> Scalar {
  s + x * s * (1 - s) * (Scalar(slope) + Scalar(3 * slope * cubic) * (x * x))
}

/// dx from dh, and h again; `h`, `dh` and `dx` are different memory.
@inline(__always)
package func geluBackward<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, dh: UnsafePointer<Scalar>, count: Int,
  h: UnsafeMutablePointer<Scalar>, dx: UnsafeMutablePointer<Scalar>
) {
  sigmoidOfTwiceU(x, count: count, into: dx)
  for i in 0..<count {
    // In the forward pass this was: h[i] = x[i] * σ
    let s = dx[i]
    h[i] = x[i] * s
    dx[i] = dh[i] * geluSlope(x[i], s)
  }
}

extension CPU {
  /// h = g(x). (R, F)
  static func geluRows<Scalar: ModelScalar>(_ x: Matrix<Scalar>, into h: Matrix<Scalar>) {
    for row in 0..<h.rows { gelu(x.row(row), count: h.columns, into: h.row(row)) }
  }

  /// dx from dh, and h again. (R, F)
  static func geluRowsBackward<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, dh: Matrix<Scalar>, h: Matrix<Scalar>, dx: Matrix<Scalar>
  ) {
    for row in 0..<h.rows {
      geluBackward(
        x.row(row), dh: dh.row(row), count: h.columns, h: h.row(row), dx: dx.row(row))
    }
  }

  /// ḣ = g'(x) ẋ. (R, F)
  static func geluRowsTangent<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ dx: Matrix<Scalar>, into dh: Matrix<Scalar>
  ) {
    let count = dh.columns
    for row in 0..<dh.rows {
      let (x, dx, dh) = (x.row(row), dx.row(row), dh.row(row))
      sigmoidOfTwiceU(x, count: count, into: dh)
      for i in 0..<count { dh[i] = dx[i] * geluSlope(x[i], dh[i]) }
    }
  }
}
