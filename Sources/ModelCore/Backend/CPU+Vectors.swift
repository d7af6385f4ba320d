// Flat operations over whole gradients and over a row of logits.

extension CPU {
  /// mean += share · v², element by element.
  static func addSquares<Scalar: ModelScalar>(
    _ share: Scalar, _ v: UnsafePointer<Scalar>, to mean: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<count { mean[i] += share * v[i] * v[i] }
  }

  /// out = v / (√second + ε)
  static func rescale<Scalar: ModelScalar>(
    _ v: UnsafePointer<Scalar>, by second: UnsafePointer<Scalar>, epsilon: Scalar,
    into out: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<count { out[i] = v[i] / (second[i].squareRoot() + epsilon) }
  }

  /// out = v / (|v| + ε)
  static func rescale<Scalar: ModelScalar>(
    _ v: UnsafePointer<Scalar>, byOwnMagnitude epsilon: Scalar,
    into out: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<count { out[i] = v[i] / (v[i].magnitude + epsilon) }
  }

  /// Copies a vector, widened to Double.
  static func widen<Scalar: ModelScalar>(
    _ v: UnsafePointer<Scalar>, into out: UnsafeMutablePointer<Double>, count: Int
  ) {
    for i in 0..<count { out[i] = Double(v[i]) }
  }

  /// Whether every element is a finite number.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func areFinite<Scalar: ModelScalar>(_ x: UnsafePointer<Scalar>, count: Int) -> Bool {
    // A count has no early exit, so the loop vectorises.
    var finite = 0
    for index in 0..<count { finite &+= x[index].isFinite ? 1 : 0 }
    return finite == count
  }

  /// The index at quantile `uniform` of softmax(row / temperature); overwrites the row. A temperature
  /// that is 0 or too small to divide by gives the largest element's index.
  ///
  /// - Returns: nil if an element is not finite.
  static func draw<Scalar: ModelScalar>(
    _ row: UnsafeMutablePointer<Scalar>, count: Int, temperature: Double, uniform: Double
  ) -> Int? {
    guard areFinite(row, count: count) else { return nil }
    let maximum = rowMaximum(row, count: count)
    let inverse = Scalar(1 / temperature)
    guard inverse.isFinite else { return (0..<count).first { row[$0] == maximum } }
    for index in 0..<count { row[index] = (row[index] - maximum) * inverse }
    let threshold = uniform * Double(Scalar.Kernels.exponentiate(row, count: count, shift: 0))
    var sum = 0.0
    var last = 0
    for index in 0..<count where row[index] > 0 {
      sum += Double(row[index])
      last = index
      if sum > threshold { return index }
    }
    return last  // the running sum fell short of the total by rounding
  }
}
