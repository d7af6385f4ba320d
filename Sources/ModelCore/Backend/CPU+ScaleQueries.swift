// Heads of a model without rotation: queries are multiplied by attention's factor 1/√D, the rest is
// unchanged.

extension CPU {
  /// y = heads of x (R, (H + 2G)·D). The function is linear and equal to its transpose: applied to
  /// dy it gives dx, and applied to ẋ it gives ẏ.
  static func scaleQueries<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ shape: HeadShape, into y: Matrix<Scalar>
  ) {
    let scale = shape.queryScale(Scalar.self)
    let queryWidth = shape.queryWidth
    for row in 0..<x.rows {
      let (source, target) = (x.row(row), y.row(row))
      for i in 0..<queryWidth { target[i] = scale * source[i] }
      (target + queryWidth).update(
        from: source + queryWidth, count: shape.width - queryWidth)
    }
  }
}
