// A router's choice of experts for each row, and the derivatives of their weights.
//
// p = softmax(logits) over E experts. The weights of the k likeliest are p, or p divided by their sum, which is the
// softmax over the k alone.

extension CPU {
  /// Logits (R, E) become probabilities; the indices of the k largest, in falling order, and their weights. (R, k)
  ///
  /// Of equal ones the first is taken.
  static func route<Scalar: ModelScalar>(
    _ logits: Matrix<Scalar>, normalizing: Bool, chosen: Matrix<Scalar>, weights: Matrix<Scalar>
  ) {
    for row in 0..<logits.rows {
      let p = logits.row(row)
      var largest = p[0]
      for expert in 1..<logits.columns { largest = max(largest, p[expert]) }
      let sum = Scalar.Kernels.exponentiate(p, count: logits.columns, shift: largest)
      for expert in 0..<logits.columns { p[expert] /= sum }
      var total: Scalar = 0
      for place in 0..<chosen.columns {
        var best = -1
        for expert in 0..<logits.columns
        where (best < 0 || p[expert] > p[best])
          && !(0..<place).contains(where: { Int(chosen.row(row)[$0]) == expert })
        {
          best = expert
        }
        chosen.row(row)[place] = Scalar(best)
        weights.row(row)[place] = p[best]
        total += p[best]
      }
      guard normalizing else { continue }
      for place in 0..<chosen.columns { weights.row(row)[place] /= total }
    }
  }

  /// dLogits (R, E) from dWeights (R, k).
  static func routeBackward<Scalar: ModelScalar>(
    _ probabilities: Matrix<Scalar>, normalizing: Bool, chosen: Matrix<Scalar>,
    weights: Matrix<Scalar>, dWeights: Matrix<Scalar>, dLogits: Matrix<Scalar>
  ) {
    for row in 0..<probabilities.rows {
      let (w, dw, dl) = (weights.row(row), dWeights.row(row), dLogits.row(row))
      var mean: Scalar = 0
      for place in 0..<chosen.columns { mean += w[place] * dw[place] }
      // Without normalization the weights depend on the logits of all experts.
      for expert in 0..<probabilities.columns {
        dl[expert] = normalizing ? 0 : -probabilities.row(row)[expert] * mean
      }
      for place in 0..<chosen.columns {
        let expert = Int(chosen.row(row)[place])
        dl[expert] = w[place] * (dw[place] - mean)
      }
    }
  }

  /// The weights' tangent (R, k) from the logits' (R, E).
  static func routeTangent<Scalar: ModelScalar>(
    _ probabilities: Matrix<Scalar>, normalizing: Bool, chosen: Matrix<Scalar>,
    weights: Matrix<Scalar>, dLogits: Matrix<Scalar>, dWeights: Matrix<Scalar>
  ) {
    for row in 0..<probabilities.rows {
      let (w, dl) = (weights.row(row), dLogits.row(row))
      let experts = (0..<chosen.columns).map { Int(chosen.row(row)[$0]) }
      var mean: Scalar = 0
      if normalizing {
        for (place, expert) in experts.enumerated() { mean += w[place] * dl[expert] }
      } else {
        for expert in 0..<probabilities.columns {
          mean += probabilities.row(row)[expert] * dl[expert]
        }
      }
      for (place, expert) in experts.enumerated() {
        dWeights.row(row)[place] = w[place] * (dl[expert] - mean)
      }
    }
  }

  /// x_i *= a_i
  static func scaleRows<Scalar: ModelScalar>(_ x: Matrix<Scalar>, by factors: [Scalar]) {
    for (row, factor) in factors.enumerated() { scale(x.rows(row..<row + 1), by: factor) }
  }

  /// y_i += a_i x_i
  static func addRows<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, by factors: [Scalar], to y: Matrix<Scalar>
  ) {
    for (row, factor) in factors.enumerated() {
      addScaled(factor, x.row(row), to: y.row(row), count: x.columns)
    }
  }
}
