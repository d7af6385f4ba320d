// RMSNorm of all query heads of a row together, and of all its key heads (OLMo 2); values are unchanged. Keeps nothing.

struct NormalizeQueryKey: Operation {
  let shape: HeadShape
  let query: Weight  // (H·D)
  let key: Weight  // (G·D)
  let epsilon: Double

  var inputWidth: Int { shape.width }
  var outputWidth: Int { shape.width }
  var keepsOutput: Bool { false }
  func scratchCount(longest: Int) -> Int { shape.queryWidth }

  /// Both norms with their columns.
  private var norms: [(weight: Weight, columns: Range<Int>)] {
    [(query, 0..<shape.queryWidth), (key, shape.queryWidth..<shape.queryKeyWidth)]
  }

  private var values: Range<Int> { shape.queryKeyWidth..<shape.width }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    for (weight, columns) in norms {
      Backend.rmsNormRows(
        site.input.columns(columns), weight: site.parameters[weight], epsilon: Scalar(epsilon),
        into: site.output.columns(columns))
    }
    Backend.copy(site.input.columns(values), to: site.output.columns(values))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    for (weight, columns) in norms {
      let dWeight = Matrix(site.scratch, rows: 1, columns: weight.count)
      for (side, rows) in site.rows.sides.enumerated() {
        Backend.clear(dWeight)
        Backend.rmsNormRowsBackward(
          site.input.rows(rows).columns(columns), weight: site.parameters[weight],
          dy: gradient.output.rows(rows).columns(columns), epsilon: Scalar(epsilon), beta: 0,
          dx: gradient.input.rows(rows).columns(columns), dWeight: dWeight.base)
        receiver.vector(weight.index, side: side, gradient: dWeight)
      }
    }
    Backend.copy(gradient.output.columns(values), to: gradient.input.columns(values))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    for (weight, columns) in norms {
      Backend.rmsNormRowsTangent(
        site.input.columns(columns), tangent.input.columns(columns),
        weight: site.parameters[weight], dWeight: direction[weight], epsilon: Scalar(epsilon),
        into: tangent.output.columns(columns))
    }
    Backend.copy(tangent.input.columns(values), to: tangent.output.columns(values))
  }
}
