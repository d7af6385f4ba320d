// Multiplies the gradient of each side with that of the last side while a backward pass delivers them.
//
// A linear layer's gradient on side s is W_s = B_sᵀA_s, with A the rows of the layer's input and B those
// of its output gradient. Two routes to <W_s,W_last> and |W_s|²:
//   materialized: form a band of rows of both, multiply, discard;
//   gram: <B₁ᵀA₁, B₂ᵀA₂> = Σ_ts (a¹_t · a²_s)(b¹_t · b²_s), the sum over all pairs of rows of the
//         product of two Gram matrices (Goodfellow, 1510.01799, for norms). The rows of all sides
//         lie one after the other, so one symmetric product gives all sums, and layers that
//         share their input share its Gram matrix.
// Arithmetic is the scalar's; every published product and norm is summed in Double. Each route is
// the other's oracle.

final class ProductReceiver<Scalar: ModelScalar>: GradientReceiver {
  private let layout: ParameterLayout
  private let method: ProductMethod
  private let hidden: Int
  /// Whether the head is the embedding matrix.
  private let isTied: Bool
  /// The rows of each side.
  let sideRows: [Range<Int>]
  private let scored: Int
  /// The scored rows of each side.
  private let sideScored: [Range<Int>]
  /// The products of each side but the last with the last one.
  private(set) var products: [GradientProducts]

  private let inputGram: Buffer<Scalar>  // (rows, rows)
  private let outputGram: Buffer<Scalar>  // (rows, rows); for the head (scored, scored)
  private var band = Buffer<Scalar>(count: 0)  // two bands of a weight matrix
  /// The norm weight gradients of the sides until the last side's comes.
  private var vectors: [Int: [[Scalar]]] = [:]

  /// Tokens that enter: the embedding rows with a gradient. (U)
  private let entering: DistinctIndices
  /// Those rows of the head's gradient, wanted where head and embedding are tied. (sides, U, C)
  private let headRows: Buffer<Scalar>

  init(layout: ParameterLayout, method: ProductMethod, batch: PackedSequences) {
    let sides = batch.sides
    precondition(sides.count > 1, "products are of two sides or more")
    self.layout = layout
    self.method = method
    hidden = layout.configuration.hiddenSize
    let rows = batch.rowCount
    sideRows = sides.map { batch.rows(ofSequences: $0) }
    scored = batch.scoredCount
    sideScored = sides.map { batch.scored(ofSequences: $0) }
    products = Array(
      repeating: GradientProducts(parameterCount: layout.parameters.count), count: sides.count - 1)
    inputGram = Buffer(count: method == .materialized ? 0 : rows * rows)
    outputGram = Buffer(count: method == .materialized ? 0 : rows * rows)
    entering = DistinctIndices(batch.tokens)
    isTied = layout.network.head.isTied && layout.network.rewardHead == nil
    headRows = Buffer(count: isTied ? sides.count * entering.indices.count * hidden : 0)
  }

  private var last: Int { sideRows.count - 1 }

  private func add(_ sums: SideProducts, to parameter: Int) {
    for side in 0..<last {
      products[side].innerProducts[parameter] += sums.innerProducts[side]
      products[side].squaredNormsOfFirst[parameter] += sums.squaredNorms[side]
      products[side].squaredNormsOfSecond[parameter] += sums.squaredNorms[last]
    }
  }

  // MARK: - Linear layers

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    weights(parameters, outputGradient: dy, input: x, sides: sideRows)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func weights(
    _ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>,
    sides: [Range<Int>]
  ) {
    let rows = x.rows
    let gram = prefersGram(rows: rows, inputs: x.columns, outputs: dy.columns)
    if gram { Backend.gram(of: x, into: square(inputGram, rows)) }
    var column = 0
    for weight in parameters {
      let part = dy.columns(column..<column + layout.parameters[weight].count / x.columns)
      column += part.columns
      if gram {
        Backend.gram(of: part, into: square(outputGram, rows))
        add(gramProducts(of: sides), to: weight)
      } else {
        add(bandProducts(part, x, of: sides), to: weight)
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
      let buffer = Buffer<Scalar>(count: sideRows.count * part.columns)
      let sums = Matrix(buffer.base, rows: sideRows.count, columns: part.columns)
      for (side, rows) in sideRows.enumerated() {
        Backend.addSum(of: part.rows(rows), to: sums.row(side))
      }
      add(products(of: sums), to: bias)
    }
  }

  /// Products of vectors, one a side. (sides, N)
  private func products(of vectors: Matrix<Scalar>) -> SideProducts {
    var sums = SideProducts(sideCount: sideRows.count)
    for side in sideRows.indices {
      sums.add(side: side, vectors.row(side), last: vectors.row(last), count: vectors.columns)
    }
    return sums
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

  /// Σ_ts inputGram_ts · outputGram_ts over the rows of each side and of the last one.
  private func gramProducts(of sides: [Range<Int>]) -> SideProducts {
    let rows = sides[last].upperBound
    return Backend.gramProducts(of: sides, square(inputGram, rows), square(outputGram, rows))
  }

  /// Products of dyᵀ x of the sides, a band of rows at a time; the visitor sees each band.
  private func bandProducts(
    _ dy: Matrix<Scalar>, _ x: Matrix<Scalar>, of sides: [Range<Int>],
    visit: (_ outputs: Range<Int>, _ side: Int, _ band: Matrix<Scalar>) -> Void = { _, _, _ in }
  ) -> SideProducts {
    // The last side's band and one other stay in the second-level cache while they are multiplied.
    let bandRows = min(dy.columns, max(64, 32_768 / x.columns))
    if band.count < 2 * bandRows * x.columns { band = Buffer(count: 2 * bandRows * x.columns) }
    var sums = SideProducts(sideCount: sides.count)
    for start in stride(from: 0, to: dy.columns, by: bandRows) {
      let outputs = start..<min(start + bandRows, dy.columns)
      let part = dy.columns(outputs)
      let reference = Matrix(band.base, rows: outputs.count, columns: x.columns)
      let other = Matrix(
        band.base + bandRows * x.columns, rows: outputs.count, columns: x.columns)
      for side in sides.indices.reversed() {
        let own = side == last ? reference : other
        Backend.multiply(transposed: part.rows(sides[side]), x.rows(sides[side]), into: own)
        sums.add(
          side: side, own.base, last: reference.base, count: outputs.count * x.columns)
        visit(outputs, side, own)
      }
    }
    return sums
  }

  // MARK: - Norm weights

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {
    let count = gradient.columns
    vectors[parameter, default: []].append(
      Array(UnsafeBufferPointer(start: gradient.base, count: count)))
    guard side == last, let vectors = vectors.removeValue(forKey: parameter) else { return }
    var sums = SideProducts(sideCount: sideRows.count)
    for (side, vector) in vectors.enumerated() {
      sums.add(side: side, vector, last: gradient.base, count: count)
    }
    add(sums, to: parameter)
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
        add(gramProducts(of: sideScored), to: parameter)
      }
    } else {
      let sums = bandProducts(dLogits, f, of: sideScored) { outputs, side, band in
        guard isTied else { return }
        for row in 0..<outputs.count {
          let token = Int32(vocabulary.lowerBound + outputs.lowerBound + row)
          guard let place = entering.places[token] else { continue }
          headRow(side, place).update(from: band.row(row), count: hidden)
        }
      }
      add(sums, to: parameter)
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
      for (side, rows) in sideScored.enumerated() {
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
    let sums = Buffer<Scalar>(count: sideRows.count * count * hidden)  // (sides, U, C)
    let places = sideRows.enumerated().flatMap { side, rows in
      rows.map { row in
        guard let place = entering.places[indices[row]] else {
          preconditionFailure("a token of no batch")
        }
        return Int32(side * count + place)
      }
    }
    Backend.scatterAdding(
      dx, places, to: Matrix(sums.base, rows: sideRows.count * count, columns: hidden))
    var products = SideProducts(sideCount: sideRows.count)
    for place in 0..<count {
      let lastSum = sums.base + (last * count + place) * hidden
      let lastHead = isHead ? headRow(last, place) : lastSum
      for side in sideRows.indices {
        let sum = sums.base + (side * count + place) * hidden
        products.add(side: side, sum, last: lastSum, count: hidden)
        guard isHead else { continue }
        let head = headRow(side, place)
        products.squaredNorms[side] += 2 * wideDot(sum, head, count: hidden)
        guard side < last else { continue }
        products.innerProducts[side] +=
          wideDot(sum, lastHead, count: hidden) + wideDot(head, lastSum, count: hidden)
      }
    }
    add(products, to: parameter)
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
