// GELU (Hendrycks & Gimpel, 1606.08415): g(x) = x Φ(x), exactly or in the tanh form that GPT-2 uses (`gelu_new`).
//
// exact: Φ(x) = (1 + erf(x/√2)) / 2,  g'(x) = Φ + x φ(x),  φ(x) = exp(−x²/2) / √(2π)
// tanh:  Φ(x) = (1 + tanh u) / 2 = σ(2u),  u = √(2/π) (x + 0.044715 x³)
//        g'(x) = Φ + x Φ (1 − Φ) 2u',  u' = √(2/π) (1 + 3 · 0.044715 x²)

/// 2 √(2/π)
private let slope = 1.595_769_121_605_731
private let cubic = 0.044_715
/// 1 / √(2π)
private let density = 0.398_942_280_401_432_7

/// The forms of Φ.
package enum GELUForm: Sendable, Hashable {
  case tanh
  case exact
}

/// out = Φ(x), elementwise.
@inline(__always)
func cumulative<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, form: GELUForm, into out: UnsafeMutablePointer<Scalar>
) {
  switch form {
  case .tanh:
    let (a, b) = (Scalar(slope), Scalar(slope * cubic))
    for i in 0..<count { out[i] = x[i] * (a + b * (x[i] * x[i])) }
    Scalar.Kernels.sigmoid(out, count: count, into: out)
  case .exact:
    let factor = 1 / Scalar(2).squareRoot()
    for i in 0..<count { out[i] = x[i] * factor }
    Scalar.Kernels.errorFunction(out, count: count, into: out)
    for i in 0..<count { out[i] = (1 + out[i]) / 2 }
  }
}

/// g'(x) of the tanh form from Φ.
@inline(__always)
func geluSlope<Scalar: ModelScalar>(_ x: Scalar, _ p: Scalar) -> Scalar {
  p + x * p * (1 - p) * (Scalar(slope) + Scalar(3 * slope * cubic) * (x * x))
}

/// p = Φ(x) and d = g'(x), elementwise; `p` and `d` are different memory.
@inline(__always)
private func geluSlopes<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, form: GELUForm, p: UnsafeMutablePointer<Scalar>,
  d: UnsafeMutablePointer<Scalar>
) {
  cumulative(x, count: count, form: form, into: p)
  switch form {
  case .tanh:
    for i in 0..<count { d[i] = geluSlope(x[i], p[i]) }
  case .exact:
    for i in 0..<count { d[i] = -x[i] * x[i] / 2 }
    _ = Scalar.Kernels.exponentiate(d, count: count, shift: 0)
    for i in 0..<count { d[i] = p[i] + x[i] * Scalar(density) * d[i] }
  }
}

/// h = g(x), elementwise; h serves as scratch for Φ.
@inline(__always)
package func gelu<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, form: GELUForm = .tanh,
  into h: UnsafeMutablePointer<Scalar>
) {
  cumulative(x, count: count, form: form, into: h)
  for i in 0..<count { h[i] = x[i] * h[i] }
}

/// dx from dh, and h again; `h`, `dh` and `dx` are different memory.
@inline(__always)
package func geluBackward<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, dh: UnsafePointer<Scalar>, count: Int, form: GELUForm = .tanh,
  h: UnsafeMutablePointer<Scalar>, dx: UnsafeMutablePointer<Scalar>
) {
  geluSlopes(x, count: count, form: form, p: h, d: dx)
  for i in 0..<count {
    h[i] = x[i] * h[i]
    dx[i] = dh[i] * dx[i]
  }
}

extension CPU {
  /// h = g(x). (R, F)
  static func geluRows<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, form: GELUForm, into h: Matrix<Scalar>
  ) {
    for row in 0..<h.rows {
      gelu(x.row(row), count: h.columns, form: form, into: h.row(row))
    }
  }

  /// dx from dh, and h again. (R, F)
  static func geluRowsBackward<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, form: GELUForm, dh: Matrix<Scalar>, h: Matrix<Scalar>, dx: Matrix<Scalar>
  ) {
    for row in 0..<h.rows {
      geluBackward(
        x.row(row), dh: dh.row(row), count: h.columns, form: form, h: h.row(row), dx: dx.row(row))
    }
  }

  /// ḣ = g'(x) ẋ. (R, F)
  static func geluRowsTangent<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, form: GELUForm, _ dx: Matrix<Scalar>, into dh: Matrix<Scalar>
  ) {
    let count = dh.columns
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: count) { scratch in
      guard let p = scratch.baseAddress else { return }
      for row in 0..<dh.rows {
        let (x, dx, dh) = (x.row(row), dx.row(row), dh.row(row))
        geluSlopes(x, count: count, form: form, p: p, d: dh)
        for i in 0..<count { dh[i] = dx[i] * dh[i] }
      }
    }
  }
}
