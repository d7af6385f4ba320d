// Heads of a model without rotation: queries take in attention's factor 1/√D, the rest passes.

extension CPU {
  /// y = heads of x (R, (H + 2G)·D). Linear and its own transpose: with dy and dx in the places of x and
  /// y it is the backward, with tangents the tangent.
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
