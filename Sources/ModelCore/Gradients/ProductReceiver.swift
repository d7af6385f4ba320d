// Multiplies the gradients of two sides while a backward pass delivers them.
//
// A linear layer's gradients on the two sides are W₁ = B₁ᵀA₁ and W₂ = B₂ᵀA₂, with A the rows of the
// layer's input and B those of its output gradient. Two routes to <W₁,W₂>, |W₁|² and |W₂|²:
//   materialized: form a band of rows of both, multiply, discard;
//   gram: <B₁ᵀA₁, B₂ᵀA₂> = Σ_ts (a¹_t · a²_s)(b¹_t · b²_s), the sum over all pairs of rows of the
//         product of two Gram matrices (Goodfellow, 1510.01799, for norms). The rows of both sides
//         lie one after the other, so one symmetric product gives all three sums, and layers that
//         share their input share its Gram matrix.
// Arithmetic is the scalar's; every published product and norm is summed in Double. Each route is
// the other's oracle.

final class ProductReceiver<Scalar: ModelScalar>: GradientReceiver {
  private let layout: ParameterLayout
  private let method: ProductMethod
  private let hidden: Int
  /// Whether the head is the embedding matrix.
  private let isTied: Bool
  /// Rows, and those of the first side; the others are the second's.
  private let rows: Int
  private let firstRows: Int
  /// Scored rows, and those of the first side.
  private let scored: Int
  private let firstScored: Int
  private(set) var products: GradientProducts

  private let inputGram: Buffer<Scalar>  // (rows, rows)
  private let outputGram: Buffer<Scalar>  // (rows, rows); for the head (scored, scored)
  private var band = Buffer<Scalar>(count: 0)  // two bands of a weight matrix
  /// The first side's norm weight gradients until the second's come.
  private var firstVectors: [Int: [Scalar]] = [:]

  /// Tokens that enter: the embedding rows with a gradient. (U)
  private let entering: DistinctIndices
  /// Those rows of the head's gradient, wanted where head and embedding are tied. (2, U, C)
  private let headRows: Buffer<Scalar>

  init(layout: ParameterLayout, method: ProductMethod, batch: PackedSequences) {
    let sides = batch.sides
    precondition(sides.count == 2, "products are of two sides")
    self.layout = layout
    self.method = method
    hidden = layout.configuration.hiddenSize
    rows = batch.rowCount
    firstRows = batch.rows(ofSequences: sides[0]).count
    scored = batch.scoredCount
    firstScored = batch.scored(ofSequences: sides[0]).count
    products = GradientProducts(parameterCount: layout.parameters.count)
    inputGram = Buffer(count: method == .materialized ? 0 : rows * rows)
    outputGram = Buffer(count: method == .materialized ? 0 : rows * rows)
    entering = DistinctIndices(batch.tokens)
    isTied = layout.network.head.isTied
    headRows = Buffer(count: isTied ? 2 * entering.indices.count * hidden : 0)
  }

  // MARK: - Linear layers

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    let gram = prefersGram(rows: rows, inputs: x.columns, outputs: dy.columns)
    if gram { Backend.gram(of: x, into: square(inputGram, rows)) }
    var column = 0
    for weight in parameters {
      let part = dy.columns(column..<column + layout.parameters[weight].count / x.columns)
      column += part.columns
      if gram {
        Backend.gram(of: part, into: square(outputGram, rows))
        products.add(gramProducts(rows: rows, first: firstRows), to: weight)
      } else {
        products.add(bandProducts(part, x, first: firstRows), to: weight)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>) {
    var column = 0
    for bias in parameters {
      let part = dy.columns(column..<column + layout.parameters[bias].count)
      column += part.columns
      let sums = Buffer<Scalar>(count: 2 * part.columns)
      let (one, two) = (sums.base, sums.base + part.columns)
      Backend.addSum(of: part.rows(0..<firstRows), to: one)
      Backend.addSum(of: part.rows(firstRows..<rows), to: two)
      var triple = ProductTriple()
      triple.add(one, two, count: part.columns)
      products.add(triple, to: bias)
    }
  }

  /// Whether the Gram route takes fewer operations: S²(K + N) against 2SKN. A symmetric product
  /// runs at about three quarters of a general one's rate.
  private func prefersGram(rows: Int, inputs: Int, outputs: Int) -> Bool {
    switch method {
    case .gram: true
    case .materialized: false
    case .auto: 4 * rows * (inputs + outputs) < 3 * 2 * inputs * outputs
    }
  }

  private func square(_ memory: borrowing Buffer<Scalar>, _ rows: Int) -> Matrix<Scalar> {
    Matrix(memory.base, rows: rows, columns: rows)
  }

  /// Σ_ts inputGram_ts · outputGram_ts over each pair of sides.
  private func gramProducts(rows: Int, first: Int) -> ProductTriple {
    Backend.gramProducts(first, square(inputGram, rows), square(outputGram, rows))
  }

  /// Products of dyᵀ x of both sides, a band of rows at a time; the visitor sees each band.
  private func bandProducts(
    _ dy: Matrix<Scalar>, _ x: Matrix<Scalar>, first: Int,
    visit: (_ outputs: Range<Int>, _ first: Matrix<Scalar>, _ second: Matrix<Scalar>) -> Void = {
      _, _, _ in
    }
  ) -> ProductTriple {
    // Both bands stay in the second-level cache while they are multiplied.
    let bandRows = min(dy.columns, max(64, 32_768 / x.columns))
    if band.count < 2 * bandRows * x.columns { band = Buffer(count: 2 * bandRows * x.columns) }
    var triple = ProductTriple()
    for start in stride(from: 0, to: dy.columns, by: bandRows) {
      let outputs = start..<min(start + bandRows, dy.columns)
      let part = dy.columns(outputs)
      let one = Matrix(band.base, rows: outputs.count, columns: x.columns)
      let two = Matrix(band.base + bandRows * x.columns, rows: outputs.count, columns: x.columns)
      Backend.multiply(transposed: part.rows(0..<first), x.rows(0..<first), into: one)
      Backend.multiply(transposed: part.rows(first..<dy.rows), x.rows(first..<dy.rows), into: two)
      triple.add(one.base, two.base, count: outputs.count * x.columns)
      visit(outputs, one, two)
    }
    return triple
  }

  // MARK: - Norm weights

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {
    let count = gradient.columns
    if side == 0 {
      firstVectors[parameter] = Array(UnsafeBufferPointer(start: gradient.base, count: count))
    } else if let first = firstVectors.removeValue(forKey: parameter) {
      var triple = ProductTriple()
      triple.add(first, gradient.base, count: count)
      products.add(triple, to: parameter)
    }
  }

  // MARK: - Head and embedding

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func head(
    _ parameter: Int, rows vocabulary: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>
  ) {
    let size = layout.parameters[parameter].shape[0]
    if prefersGram(rows: scored, inputs: hidden, outputs: size) {
      Backend.gram(
        of: dLogits, into: square(outputGram, scored), beta: vocabulary.lowerBound == 0 ? 0 : 1)
      if isTied { gatherHeadRows(vocabulary, f, dLogits) }
      if vocabulary.upperBound == size {
        Backend.gram(of: f, into: square(inputGram, scored))
        products.add(gramProducts(rows: scored, first: firstScored), to: parameter)
      }
    } else {
      let triple = bandProducts(dLogits, f, first: firstScored) { outputs, one, two in
        guard isTied else { return }
        for row in 0..<outputs.count {
          let token = Int32(vocabulary.lowerBound + outputs.lowerBound + row)
          guard let place = entering.places[token] else { continue }
          headRow(0, place).update(from: one.row(row), count: hidden)
          headRow(1, place).update(from: two.row(row), count: hidden)
        }
      }
      products.add(triple, to: parameter)
    }
  }

  private func headRow(_ side: Int, _ place: Int) -> UnsafeMutablePointer<Scalar> {
    headRows.base + (side * entering.indices.count + place) * hidden
  }

  /// The head's gradient rows at the entering tokens of a vocabulary tile: Σ_m dl_m,token · f_m.
  private func gatherHeadRows(
    _ vocabulary: Range<Int>, _ f: Matrix<Scalar>, _ dLogits: Matrix<Scalar>
  ) {
    for (place, token) in entering.indices.enumerated() where vocabulary.contains(Int(token)) {
      let first = Int(token) - vocabulary.lowerBound
      let column = dLogits.columns(first..<first + 1)
      for (side, rows) in [0..<firstScored, firstScored..<scored].enumerated() {
        Backend.addWeighted(f.rows(rows), by: column.rows(rows), to: headRow(side, place))
      }
    }
  }

  /// Rows of a table collect the gradients of all rows that read them, so repeated ones are summed
  /// before anything is multiplied. With tied embeddings the matrix's gradient is H + E, head part and
  /// embedding part, and <H₁+E₁, H₂+E₂> has four terms, the cross terms included.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>) {
    let isHead = isTied && parameter == layout.network.head.weight.index
    let entering = isHead ? entering : DistinctIndices(indices)
    let count = entering.indices.count
    let sums = Buffer<Scalar>(count: 2 * count * hidden)  // (2, U, C)
    let places = indices.enumerated().map { row, index in
      guard let place = entering.places[index] else { preconditionFailure("a token of no batch") }
      return Int32(row < firstRows ? place : count + place)
    }
    Backend.scatterAdding(dx, places, to: Matrix(sums.base, rows: 2 * count, columns: hidden))
    var triple = ProductTriple()
    for place in 0..<count {
      let one = sums.base + place * hidden
      let two = sums.base + (count + place) * hidden
      triple.add(one, two, count: hidden)
      guard isHead else { continue }
      let headOne = headRow(0, place)
      let headTwo = headRow(1, place)
      triple.inner +=
        wideDot(one, headTwo, count: hidden) + wideDot(headOne, two, count: hidden)
      triple.first += 2 * wideDot(one, headOne, count: hidden)
      triple.second += 2 * wideDot(two, headTwo, count: hidden)
    }
    products.add(triple, to: parameter)
  }
}

/// Numbers without their repetitions, in order of appearance.
private struct DistinctIndices {
  private(set) var indices: [Int32] = []
  /// Place of each among them.
  private(set) var places: [Int32: Int] = [:]

  init(_ all: [Int32]) {
    for index in all where places[index] == nil {
      places[index] = indices.count
      indices.append(index)
    }
  }
}
