// What a gradient step on an adapter's factors does to the matrix, beside the matrix's own gradient.
//
// K inputs, N outputs, r rank; dW the gradient of W = W₀ + s B A.
//
// A step on the factors moves W along P = s (dB A + B dA) to first order, with dA = s Bᵀ dW and dB = s dW Aᵀ. So
//
//   <P, dW> = |dA|² + |dB|²
//   |P|² = s² (<AAᵀ, dBᵀdB> + <BᵀB, dA dAᵀ> + 2 tr(dBᵀB · dA Aᵀ)),
//
// and nothing of W's size is formed.

/// The step of one adapted matrix, and the matrix's gradient.
public struct AdapterUpdate: Sendable, Hashable {
  /// The matrix, an index into the layout's `parameters`.
  public let matrix: Int
  /// Its layer.
  public let layer: Int
  /// <P, dW>
  public let innerProduct: Double
  /// |P|²
  public let squaredNormOfUpdate: Double
  /// |dW|²
  public let squaredNormOfGradient: Double
}

extension Workspace {
  /// The steps of both sides' gradients of Σ_i c_i log π(y_i | ·) for the last scored batch, one for each adapted matrix in
  /// the order of the layers. The model must differentiate its base and its adapter.
  ///
  /// - Parameter coefficients: As of `gradientProducts`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func adapterUpdates(
    coefficients: [Scalar], method: ProductMethod = .auto
  ) -> (first: [AdapterUpdate], second: [AdapterUpdate]) {
    precondition(batch.sides.count == 2, "steps of two sides")
    precondition(
      model.layout.adapterStart != nil && !model.differentiatesAdapterAlone,
      "gradients of the base and of an adapter")
    let products = ProductReceiver<Scalar>(layout: model.layout, method: method, batch: batch)
    let receiver = FactorReceiver(products, layout: model.layout, sideCount: 2)
    backward(coefficients: coefficients, into: receiver)
    let own = products.products[0]
    return (
      receiver.updates(side: 0, own.squaredNormsOfFirst, view),
      receiver.updates(side: 1, own.squaredNormsOfSecond, view)
    )
  }
}

/// Passes everything on, and keeps each side's gradients of an adapter's factors.
private final class FactorReceiver<Scalar: ModelScalar>: GradientReceiver {
  private let receiver: any GradientReceiver<Scalar>
  private let layout: ParameterLayout
  private let sideRows: [Range<Int>]
  /// The first scalar of the factors.
  private let start: Int
  private let gradients: Buffer<Scalar>  // (sides, scalars of the factors)

  init(
    _ receiver: ProductReceiver<Scalar>, layout: ParameterLayout, sideCount: Int
  ) {
    self.receiver = receiver
    self.layout = layout
    sideRows = receiver.sideRows
    start = layout.adapterStart.map { layout.parameters[$0].offset } ?? layout.count
    gradients = Buffer(count: sideCount * (layout.count - start))
  }

  private func gradient(_ factor: Weight, side: Int, columns: Int) -> Matrix<Scalar> {
    Matrix(
      gradients.base + side * (layout.count - start) + factor.offset - start,
      rows: factor.count / columns, columns: columns)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    receiver.weights(parameters, outputGradient: dy, input: x)
    let parameter = layout.parameters[parameters[0]]
    guard parameter.offset >= start else { return }
    let factor = Weight(
      index: parameters[0], offset: parameter.offset, count: parameter.count)
    for (side, rows) in sideRows.enumerated() {
      Backend.multiply(
        transposed: dy.rows(rows), x.rows(rows),
        into: gradient(factor, side: side, columns: x.columns))
    }
  }

  func weights(
    _ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>,
    sides: [Range<Int>]
  ) {
    receiver.weights(parameters, outputGradient: dy, input: x, sides: sides)
  }

  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>) {
    receiver.biases(parameters, outputGradient: dy)
  }

  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {
    receiver.vector(parameter, side: side, gradient: gradient)
  }

  func head(
    _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>
  ) {
    receiver.head(parameter, rows: rows, outputGradient: dLogits, input: f)
  }

  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>) {
    receiver.lookup(parameter, indices: indices, outputGradient: dx)
  }

  // MARK: - Steps

  /// Of every adapted matrix on one side.
  func updates(
    side: Int, _ squaredNorms: [Double], _ parameters: ParameterView<Scalar>
  ) -> [AdapterUpdate] {
    layout.network.adaptedMatrices.map { matrix, factors in
      let inputs = factors.a.count / factors.rank
      let a = parameters.matrix(factors.a, rows: factors.rank, columns: inputs)
      let b = parameters.matrix(factors.b, rows: factors.columns.count, columns: factors.rank)
      let dA = gradient(factors.a, side: side, columns: inputs)
      let dB = gradient(factors.b, side: side, columns: factors.rank)
      let rank = factors.rank
      /// A product (r, r), row by row.
      func square(_ multiply: (Matrix<Scalar>) -> Void) -> [Double] {
        let memory = Buffer<Scalar>(count: rank * rank)
        multiply(Matrix(memory.base, rows: rank, columns: rank))
        return (0..<rank * rank).map { Double(memory.base[$0]) }
      }
      let aa = square { Backend.multiply(a, transposed: a, into: $0) }
      let bb = square { Backend.multiply(transposed: b, b, into: $0) }
      let dAdA = square { Backend.multiply(dA, transposed: dA, into: $0) }
      let dBdB = square { Backend.multiply(transposed: dB, dB, into: $0) }
      let dBB = square { Backend.multiply(transposed: dB, b, into: $0) }
      let dAA = square { Backend.multiply(dA, transposed: a, into: $0) }
      var (inner, norm) = (0.0, 0.0)
      for row in 0..<rank {
        inner += dAdA[row * rank + row] + dBdB[row * rank + row]
        for column in 0..<rank {
          let (place, mirrored) = (row * rank + column, column * rank + row)
          norm += aa[place] * dBdB[place] + bb[place] * dAdA[place] + 2 * dBB[place] * dAA[mirrored]
        }
      }
      return AdapterUpdate(
        matrix: matrix, layer: layout.groups[layout.parameters[matrix].group].layer,
        innerProduct: inner, squaredNormOfUpdate: max(0, factors.scale * factors.scale * norm),
        squaredNormOfGradient: squaredNorms[matrix])
    }
  }
}
