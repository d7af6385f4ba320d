// RMSNorm (Zhang & Sennrich, 1910.07467) of one row.
//
// y_i = w_i x̂_i,  x̂ = x · r,  r = 1 / √(mean(x²) + ε)
// dx = r (d̂ − x̂ · mean(d̂ ∘ x̂)) with d̂ = dy ∘ w;  dw += dy ∘ x̂

import RealModule

/// r of a row x (count).
@inline(__always)
func inverseRootMeanSquare<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, epsilon: Scalar
) -> Scalar {
  1 / (dot(x, x, count: count) / Scalar(count) + epsilon).squareRoot()
}

/// y = RMSNorm(x); x, weight and y have `count` elements.
@inline(__always)
package func rmsNorm<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>, count: Int, epsilon: Scalar,
  into y: UnsafeMutablePointer<Scalar>
) {
  let r = inverseRootMeanSquare(x, count: count, epsilon: epsilon)
  for i in 0..<count { y[i] = weight[i] * (x[i] * r) }
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
  var projection = Scalar.zero
  for i in 0..<count {
    projection = Relaxed.multiplyAdd(dy[i] * weight[i], x[i], projection)
    dWeight[i] += dy[i] * (x[i] * r)
  }
  let pull = projection * r * r / Scalar(count)
  if beta == 0 {
    for i in 0..<count { dx[i] = r * (dy[i] * weight[i] - x[i] * pull) }
  } else {
    for i in 0..<count { dx[i] = beta * dx[i] + r * (dy[i] * weight[i] - x[i] * pull) }
  }
}
