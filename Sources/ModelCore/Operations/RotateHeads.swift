// Query and key heads: norm (where the model has one), rotation by position, attention's factor
// 1/√D. Keeps nothing: the backward rotates the projections again.

struct RotateHeads: Operation {
  let shape: HeadShape
  let angles: RotaryAngles
  /// RMSNorm weights (D) of each query and each key head.
  let norms: (query: Weight, key: Weight)?
  let epsilon: Double
  /// What is added to the stored weights of the norms.
  let offset: Double

  init(
    shape: HeadShape, angles: RotaryAngles, norms: (query: Weight, key: Weight)?, epsilon: Double,
    offset: Double = 0
  ) {
    self.shape = shape
    self.angles = angles
    self.norms = norms
    self.epsilon = epsilon
    self.offset = offset
  }

  var inputWidth: Int { shape.width }
  var outputWidth: Int { shape.width }
  var keepsOutput: Bool { false }
  /// A head, the gradients of both norms, and their weights.
  func scratchCount(longest: Int) -> Int { 5 * shape.headDimension }

  /// The norms of a direction of the parameters.
  private func norms<Scalar: ModelScalar>(
    in parameters: ParameterView<Scalar>
  ) -> HeadNorms<Scalar>? {
    norms.map {
      HeadNorms(query: parameters[$0.query], key: parameters[$0.key], epsilon: Scalar(epsilon))
    }
  }

  /// The norms of a site; with an offset their weights are at the end of the scratch.
  private func norms<Scalar: ModelScalar>(_ site: Site<Scalar>) -> HeadNorms<Scalar>? {
    guard offset != 0, let norms = norms(in: site.parameters) else {
      return norms(in: site.parameters)
    }
    let dimension = shape.headDimension
    let (query, key) = (site.scratch + 3 * dimension, site.scratch + 4 * dimension)
    Backend.shift(norms.query, by: Scalar(offset), count: dimension, into: query)
    Backend.shift(norms.key, by: Scalar(offset), count: dimension, into: key)
    return HeadNorms(query: query, key: key, epsilon: norms.epsilon)
  }

  private func table<Scalar: ModelScalar>(_ site: Site<Scalar>) -> RotaryTable<Scalar> {
    site.tables.table(angles, positions: site.rows.positionCount)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.rotateHeads(
      site.input, shape, norms: norms(site), positions: site.rows.positions,
      table: table(site), scratch: site.scratch, into: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    let dimension = shape.headDimension
    let dQuery = Matrix(site.scratch + dimension, rows: 1, columns: dimension)
    let dKey = Matrix(site.scratch + 2 * dimension, rows: 1, columns: dimension)
    for (side, rows) in site.rows.sides.enumerated() {
      Backend.clear(dQuery)
      Backend.clear(dKey)
      Backend.rotateHeadsBackward(
        site.input, dy: gradient.output, shape, norms: norms(site),
        dNorms: norms.map { _ in
          HeadNorms(query: dQuery.base, key: dKey.base, epsilon: Scalar(epsilon))
        }, positions: site.rows.positions, table: table(site), rows: rows, scratch: site.scratch,
        dx: gradient.input)
      if let norms {
        receiver.vector(norms.query.index, side: side, gradient: dQuery)
        receiver.vector(norms.key.index, side: side, gradient: dKey)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.rotateHeadsTangent(
      site.input, tangent.input, shape, norms: norms(site),
      dNorms: norms(in: direction), positions: site.rows.positions, table: table(site),
      scratch: site.scratch, into: tangent.output)
  }
}
