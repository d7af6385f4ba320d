// Query, key and value heads of a row: norm (Qwen3), rotation, attention's factor.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// A row holds H query, G key and G value heads of D. Queries and keys are normalised if the model
// does so and rotated by their position. Queries are multiplied by attention's factor 1/√D. Values
// are unchanged.

/// The division of a row's columns into heads.
package struct HeadShape: Sendable, Hashable {
  package let headCount: Int  // H
  package let keyValueHeadCount: Int  // G
  package let headDimension: Int  // D

  package init(headCount: Int, keyValueHeadCount: Int, headDimension: Int) {
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.headDimension = headDimension
  }

  package var queryWidth: Int { headCount * headDimension }
  package var queryKeyWidth: Int { (headCount + keyValueHeadCount) * headDimension }
  /// The whole row.
  package var width: Int { (headCount + 2 * keyValueHeadCount) * headDimension }
  /// Attention's factor 1/√D.
  func queryScale<Scalar: ModelScalar>(_ type: Scalar.Type) -> Scalar {
    1 / Scalar(headDimension).squareRoot()
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
        let source = x.row(row) + head * dimension
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
      copyValues(x.row(row), shape, to: y.row(row))
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
        let out = dx.row(row) + head * dimension
        let scale = isQuery ? queryScale : 1
        if let norms, let dNorms {
          table.rotateBack(source, position: position, scale: scale, into: scratch)
          rmsNormBackward(
            x.row(row) + head * dimension, weight: isQuery ? norms.query : norms.key, dy: scratch,
            count: dimension, epsilon: norms.epsilon, beta: 0, dx: out,
            dWeight: isQuery ? dNorms.query : dNorms.key)
        } else {
          table.rotateBack(source, position: position, scale: scale, into: out)
        }
      }
      copyValues(dy.row(row), shape, to: dx.row(row))
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
        let offset = head * dimension
        let out = dy.row(row) + offset
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
      copyValues(dx.row(row), shape, to: dy.row(row))
    }
  }

  /// The value heads of a row, the last columns.
  @inline(__always)
  static func copyValues<Scalar: ModelScalar>(
    _ source: UnsafePointer<Scalar>, _ shape: HeadShape, to target: UnsafeMutablePointer<Scalar>
  ) {
    (target + shape.queryKeyWidth).update(
      from: source + shape.queryKeyWidth, count: shape.width - shape.queryKeyWidth)
  }
}
