// Query, key and value heads of a row: norm (Qwen3), rotation, attention's factor.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// A row holds H query, G key and G value heads of D. The projected row may have another order; the others have this
// one. Queries and keys are normalised if the model
// does so and rotated by their position. Queries are multiplied by attention's factor 1/√D. Values
// are unchanged.

/// The division of a row's columns into heads.
package struct HeadShape: Sendable, Hashable {
  package let headCount: Int  // H
  package let keyValueHeadCount: Int  // G
  package let headDimension: Int  // D
  /// Attention's factor is 1/√ of it: the head dimension, unless a model says otherwise.
  let scalingDimension: Double
  /// Whether a projected row has query, key and value of each head side by side (GPT-NeoX).
  let isInterleaved: Bool

  /// - Parameters:
  ///   - scalingDimension: Attention's factor is 1/√ of it; nil for the head dimension.
  ///   - isInterleaved: Whether projected rows have query, key and value of each head side by side; then G = H.
  package init(
    headCount: Int, keyValueHeadCount: Int, headDimension: Int, scalingDimension: Double? = nil,
    isInterleaved: Bool = false
  ) {
    precondition(!isInterleaved || headCount == keyValueHeadCount, "a key for each query")
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
    self.scalingDimension = scalingDimension ?? Double(headDimension)
    self.isInterleaved = isInterleaved
  }

  package var queryWidth: Int { headCount * headDimension }
  package var queryKeyWidth: Int { (headCount + keyValueHeadCount) * headDimension }
  /// The whole row.
  package var width: Int { (headCount + 2 * keyValueHeadCount) * headDimension }
  /// Attention's factor, 1/√D by default.
  func queryScale<Scalar: ModelScalar>(_ type: Scalar.Type) -> Scalar {
    1 / Scalar(scalingDimension).squareRoot()
  }

  /// Where a query head, or behind these a key or value head, starts in a projected row.
  @inline(__always)
  func projectedOffset(_ head: Int) -> Int {
    guard isInterleaved else { return head * headDimension }
    let (kind, place) = head.quotientAndRemainder(dividingBy: headCount)
    return (3 * place + kind) * headDimension
  }
}

/// Norm weights (D) of query and key heads, or their gradients.
struct HeadNorms<Scalar: ModelScalar> {
  let query: UnsafeMutablePointer<Scalar>
  let key: UnsafeMutablePointer<Scalar>
  let epsilon: Scalar
}

extension CPU {
  /// y = heads of x, row by row. (R, (H + 2G)·D)
  ///
  /// - Parameters:
  ///   - positions: Of each row. (R)
  ///   - scratch: (D)
  static func rotateHeads<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ shape: HeadShape, norms: HeadNorms<Scalar>?, positions: [Int32],
    table: RotaryTable<Scalar>, scratch: UnsafeMutablePointer<Scalar>, into y: Matrix<Scalar>
  ) {
    let dimension = shape.headDimension
    let queryScale = shape.queryScale(Scalar.self)
    for row in 0..<x.rows {
      let position = Int(positions[row])
      for head in 0..<shape.headCount + shape.keyValueHeadCount {
        let isQuery = head < shape.headCount
        let source = x.row(row) + shape.projectedOffset(head)
        let out = y.row(row) + head * dimension
        let scale = isQuery ? queryScale : 1
        if let norms {
          rmsNorm(
            source, weight: isQuery ? norms.query : norms.key, count: dimension,
            epsilon: norms.epsilon, into: scratch)
          table.rotate(scratch, position: position, scale: scale, into: out)
        } else {
          table.rotate(source, position: position, scale: scale, into: out)
        }
      }
      for head in 0..<shape.keyValueHeadCount {
        let place = shape.headCount + shape.keyValueHeadCount + head
        (y.row(row) + place * dimension).update(
          from: x.row(row) + shape.projectedOffset(place), count: dimension)
      }
    }
  }

  /// dx (R, (H + 2G)·D) from dy; the norms' gradients are added up over the rows.
  static func rotateHeadsBackward<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, dy: Matrix<Scalar>, _ shape: HeadShape, norms: HeadNorms<Scalar>?,
    dNorms: HeadNorms<Scalar>?, positions: [Int32], table: RotaryTable<Scalar>,
    rows: Range<Int>, scratch: UnsafeMutablePointer<Scalar>, dx: Matrix<Scalar>
  ) {
    let dimension = shape.headDimension
    let queryScale = shape.queryScale(Scalar.self)
    for row in rows {
      let position = Int(positions[row])
      for head in 0..<shape.headCount + shape.keyValueHeadCount {
        let isQuery = head < shape.headCount
        let source = dy.row(row) + head * dimension
        let place = shape.projectedOffset(head)
        let out = dx.row(row) + place
        let scale = isQuery ? queryScale : 1
        if let norms, let dNorms {
          table.rotateBack(source, position: position, scale: scale, into: scratch)
          rmsNormBackward(
            x.row(row) + place, weight: isQuery ? norms.query : norms.key, dy: scratch,
            count: dimension, epsilon: norms.epsilon, beta: 0, dx: out,
            dWeight: isQuery ? dNorms.query : dNorms.key)
        } else {
          table.rotateBack(source, position: position, scale: scale, into: out)
        }
      }
      for head in 0..<shape.keyValueHeadCount {
        let place = shape.headCount + shape.keyValueHeadCount + head
        (dx.row(row) + shape.projectedOffset(place)).update(
          from: dy.row(row) + place * dimension, count: dimension)
      }
    }
  }

  /// ẏ from x and ẋ.
  static func rotateHeadsTangent<Scalar: ModelScalar>(
    _ x: Matrix<Scalar>, _ dx: Matrix<Scalar>, _ shape: HeadShape, norms: HeadNorms<Scalar>?,
    dNorms: HeadNorms<Scalar>?, positions: [Int32], table: RotaryTable<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, into dy: Matrix<Scalar>
  ) {
    let dimension = shape.headDimension
    let queryScale = shape.queryScale(Scalar.self)
    for row in 0..<x.rows {
      let position = Int(positions[row])
      for head in 0..<shape.headCount + shape.keyValueHeadCount {
        let isQuery = head < shape.headCount
        let offset = shape.projectedOffset(head)
        let out = dy.row(row) + head * dimension
        let scale = isQuery ? queryScale : 1
        if let norms, let dNorms {
          rmsNormTangent(
            x.row(row) + offset, dx.row(row) + offset,
            weight: isQuery ? norms.query : norms.key,
            dWeight: isQuery ? dNorms.query : dNorms.key, count: dimension,
            epsilon: norms.epsilon, into: scratch)
          table.rotate(scratch, position: position, scale: scale, into: out)
        } else {
          table.rotate(dx.row(row) + offset, position: position, scale: scale, into: out)
        }
      }
      for head in 0..<shape.keyValueHeadCount {
        let place = shape.headCount + shape.keyValueHeadCount + head
        (dy.row(row) + place * dimension).update(
          from: dx.row(row) + shape.projectedOffset(place), count: dimension)
      }
    }
  }
}
