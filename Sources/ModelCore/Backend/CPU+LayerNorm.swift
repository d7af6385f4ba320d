// LayerNorm (Ba et al., 1607.06450) of one row, with weight and bias.
//
// y = w ∘ x̂ + b,  x̂ = (x − μ) r,  μ = mean(x),  r = 1 / √(mean((x − μ)²) + ε)
// dx = r (d̂ − mean(d̂) − x̂ · mean(d̂ ∘ x̂)) with d̂ = dy ∘ w;  dw += dy ∘ x̂;  db += dy
// ẏ = ẇ ∘ x̂ + ḃ + w ∘ r (ẋ − mean(ẋ) − x̂ · mean(ẋ ∘ x̂))

/// μ and r of a row x (count).
@inline(__always)
private func moments<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, epsilon: Scalar
) -> (mean: Scalar, r: Scalar) {
  let mean = laneSum(count: count, eight: { lanes(x + $0) }, one: { x[$0] }) / Scalar(count)
  let squares = laneSum(
    count: count,
    eight: {
      let distance = lanes(x + $0) - mean
      return distance * distance
    },
    one: { (x[$0] - mean) * (x[$0] - mean) })
  return (mean, 1 / (squares / Scalar(count) + epsilon).squareRoot())
}

/// y = LayerNorm(x); x, weight, bias and y have `count` elements.
@inline(__always)
package func layerNorm<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>,
  count: Int, epsilon: Scalar, into y: UnsafeMutablePointer<Scalar>
) {
  let (mean, r) = moments(x, count: count, epsilon: epsilon)
  for i in 0..<count { y[i] = weight[i] * ((x[i] - mean) * r) + bias[i] }
}

/// dx = beta · dx + the gradient, dWeight += its gradient; the bias's is dy. `dy` and `dx` must not
/// overlap.
@inline(__always)
package func layerNormBackward<Scalar: ModelScalar>(
  _ x: UnsafePointer<Scalar>, weight: UnsafePointer<Scalar>, dy: UnsafePointer<Scalar>,
  count: Int, epsilon: Scalar, beta: Scalar, dx: UnsafeMutablePointer<Scalar>,
  dWeight: UnsafeMutablePointer<Scalar>
) {
  // In the forward pass this was: y[i] = weight[i] * ((x[i] - mean) * r) + bias[i]
  let (mean, r) = moments(x, count: count, epsilon: epsilon)
  let center = dot(dy, weight, count: count) / Scalar(count)
  let pull =
    laneSum(
      count: count,
      eight: { lanes(dy + $0) * lanes(weight + $0) * ((lanes(x + $0) - mean) * r) },
      one: { dy[$0] * weight[$0] * ((x[$0] - mean) * r) }) / Scalar(count)
  for i in 0..<count { dWeight[i] += dy[i] * ((x[i] - mean) * r) }
  for i in 0..<count {
    let gradient = r * (dy[i] * weight[i] - center - (x[i] - mean) * r * pull)
    dx[i] = beta == 0 ? gradient : beta * dx[i] + gradient
  }
}

extension CPU {
  /// y = LayerNorm(x), row by row. (R, N)
  static func layerNormRows<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, weight: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>,
    epsilon: Scalar, into y: Matrix<Scalar>
  ) {
    for row in 0..<x.rows {
      layerNorm(
        x.row(row), weight: weight, bias: bias, count: x.columns, epsilon: epsilon,
        into: y.row(row))
    }
  }

  /// dx = beta · dx + the gradient, dWeight += its gradient, over all rows.
  static func layerNormRowsBackward<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, weight: UnsafePointer<Scalar>, dy: Matrix<Scalar>, epsilon: Scalar,
    beta: Scalar, dx: Matrix<Scalar>, dWeight: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<x.rows {
      layerNormBackward(
        x.row(row), weight: weight, dy: dy.row(row), count: x.columns, epsilon: epsilon,
        beta: beta, dx: dx.row(row), dWeight: dWeight)
    }
  }

  /// ẏ from x and ẋ, row by row.
  static func layerNormRowsTangent<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ dx: Matrix<Scalar>, weight w: UnsafePointer<Scalar>,
    dWeight dw: UnsafePointer<Scalar>, dBias db: UnsafePointer<Scalar>, epsilon: Scalar,
    into dy: Matrix<Scalar>
  ) {
    let count = x.columns
    for row in 0..<x.rows {
      let (x, dx, dy) = (x.row(row), dx.row(row), dy.row(row))
      let (mean, r) = moments(x, count: count, epsilon: epsilon)
      let center =
        laneSum(count: count, eight: { lanes(dx + $0) }, one: { dx[$0] }) / Scalar(count)
      let pull =
        laneSum(
          count: count, eight: { lanes(dx + $0) * ((lanes(x + $0) - mean) * r) },
          one: { dx[$0] * ((x[$0] - mean) * r) }) / Scalar(count)
      for i in 0..<count {
        let normed = (x[i] - mean) * r
        dy[i] = dw[i] * normed + db[i] + w[i] * r * (dx[i] - center - normed * pull)
      }
    }
  }
}
