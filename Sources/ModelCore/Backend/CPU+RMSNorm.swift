// RMSNorm (Zhang & Sennrich, 1910.07467) of one row.
//
// y_i = w_i x̂_i,  x̂ = x · r,  r = 1 / √(mean(x²) + ε)
// dx = r (d̂ − x̂ · mean(d̂ ∘ x̂)) with d̂ = dy ∘ w;  dw += dy ∘ x̂

/// r of a row x (count).
@inline(__always)
func inverseRootMeanSquare<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, epsilon: Scalar
) -> Scalar {
  1 / (dot(x, x, count: count) / Scalar(count) + epsilon).squareRoot()
}

/// y = beta · y + RMSNorm(x); x, weight and y have `count` elements.
@inline(__always)
package func rmsNorm<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>, count: Int, epsilon: Scalar,
  beta: Scalar = 0, into y: UnsafeMutablePointer<Scalar>
) {
  let r = inverseRootMeanSquare(x, count: count, epsilon: epsilon)
  if beta == 0 {
    for i in 0..<count { y[i] = weight[i] * (x[i] * r) }
  } else {
    for i in 0..<count { y[i] = beta * y[i] + weight[i] * (x[i] * r) }
  }
}

/// dx = beta · dx + the gradient, dWeight += its gradient. `dy` and `dx` may be the same memory
/// when beta is 0.
@inline(__always)
package func rmsNormBackward<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>, dy: UnsafePointer<Scalar>, count: Int,
  epsilon: Scalar, beta: Scalar, dx: UnsafeMutablePointer<Scalar>,
  dWeight: UnsafeMutablePointer<Scalar>
) {
  // In the forward pass this was: y[i] = weight[i] * (x[i] * r)
  let r = inverseRootMeanSquare(x, count: count, epsilon: epsilon)
  let projection = laneSum(
    count: count, eight: { lanes(dy + $0) * lanes(weight + $0) * lanes(x + $0) },
    one: { dy[$0] * weight[$0] * x[$0] })
  for i in 0..<count { dWeight[i] += dy[i] * (x[i] * r) }
  let pull = projection * r * r / Scalar(count)
  if beta == 0 {
    for i in 0..<count { dx[i] = r * (dy[i] * weight[i] - x[i] * pull) }
  } else {
    for i in 0..<count { dx[i] = beta * dx[i] + r * (dy[i] * weight[i] - x[i] * pull) }
  }
}

/// ẏ = beta · ẏ + ẇ ∘ x̂ + w ∘ r (ẋ − x̂ mean(x̂ ∘ ẋ)) of a row.
@inline(__always)
func rmsNormTangent<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, _ dx: UnsafePointer<Scalar>, weight w: UnsafePointer<Scalar>,
  dWeight dw: UnsafePointer<Scalar>, count: Int, epsilon: Scalar, beta: Scalar = 0,
  into dy: UnsafeMutablePointer<Scalar>
) {
  let r = inverseRootMeanSquare(x, count: count, epsilon: epsilon)
  let pull = dot(x, dx, count: count) * r * r / Scalar(count)
  for i in 0..<count {
    let tangent = dw[i] * (x[i] * r) + w[i] * r * (dx[i] - x[i] * pull)
    dy[i] = beta == 0 ? tangent : beta * dy[i] + tangent
  }
}

extension CPU {
  /// y = beta · y + RMSNorm(x), row by row. (R, N)
  static func rmsNormRows<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, weight: UnsafePointer<Scalar>, epsilon: Scalar, beta: Scalar = 0,
    into y: Matrix<Scalar>
  ) {
    for row in 0..<x.rows {
      rmsNorm(
        x.row(row), weight: weight, count: x.columns, epsilon: epsilon, beta: beta, into: y.row(row)
      )
    }
  }

  /// dx = beta · dx + the gradient, dWeight += its gradient, over all rows.
  static func rmsNormRowsBackward<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, weight: UnsafePointer<Scalar>, dy: Matrix<Scalar>, epsilon: Scalar,
    beta: Scalar, dx: Matrix<Scalar>, dWeight: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<x.rows {
      rmsNormBackward(
        x.row(row), weight: weight, dy: dy.row(row), count: x.columns, epsilon: epsilon,
        beta: beta, dx: dx.row(row), dWeight: dWeight)
    }
  }

  /// beta · ẏ plus the tangent from x and ẋ, row by row.
  static func rmsNormRowsTangent<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ dx: Matrix<Scalar>, weight: UnsafePointer<Scalar>,
    dWeight: UnsafePointer<Scalar>, epsilon: Scalar, beta: Scalar = 0, into dy: Matrix<Scalar>
  ) {
    for row in 0..<x.rows {
      rmsNormTangent(
        x.row(row), dx.row(row), weight: weight, dWeight: dWeight, count: x.columns,
        epsilon: epsilon, beta: beta, into: dy.row(row))
    }
  }
}
