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

  /// Place of each token that enters among the embedding rows with a gradient. (U)
  private var embeddingRow: [Int32: Int] = [:]
  private var enteringTokens: [Int32] = []
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
    for token in batch.tokens where embeddingRow[token] == nil {
      embeddingRow[token] = enteringTokens.count
      enteringTokens.append(token)
    }
    headRows = Buffer(count: layout.isTied ? 2 * enteringTokens.count * hidden : 0)
  }

  // MARK: - Linear layers

  func linear(
    _ layers: ParameterLayout.FusedLinear, input x: Matrix<Scalar>,
    outputGradient dy: Matrix<Scalar>
  ) {
    let gram = prefersGram(rows: rows, inputs: x.columns, outputs: dy.columns)
    if gram { fillGram(inputGram, of: x) }
    var column = 0
    for weight in layers.weights {
      let part = dy.columns(column..<column + layout.parameters[weight].shape[0])
      column += part.columns
      if gram {
        fillGram(outputGram, of: part)
        products.add(gramProducts(rows: rows, first: firstRows), to: weight)
      } else {
        products.add(bandProducts(part, x, first: firstRows), to: weight)
      }
    }
    column = 0
    for bias in layers.biases {
      let part = dy.columns(column..<column + layout.parameters[bias].count)
      column += part.columns
      vector(bias, side: 0, gradient: columnSums(part.rows(0..<firstRows)))
      vector(bias, side: 1, gradient: columnSums(part.rows(firstRows..<rows)))
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

  /// gram (rows, rows), upper triangle = x xᵀ + beta · gram
  private func fillGram(_ gram: borrowing Buffer<Scalar>, of x: Matrix<Scalar>, beta: Scalar = 0) {
    Scalar.syrk(
      n: x.rows, k: x.columns, a: x.base, lda: x.stride, beta: beta, c: gram.base, ldc: x.rows)
  }

  /// Σ_ts inputGram_ts · outputGram_ts over each pair of sides, from the upper triangles.
  private func gramProducts(rows: Int, first: Int) -> ProductTriple {
    var triple = ProductTriple()
    for t in 0..<rows {
      let a = inputGram.base + t * rows
      let b = outputGram.base + t * rows
      let sideEnd = t < first ? first : rows
      let own =
        Double(a[t]) * Double(b[t])
        + 2 * wideDot(a + t + 1, b + t + 1, count: sideEnd - t - 1)
      if t < first {
        triple.first += own
        triple.inner += wideDot(a + first, b + first, count: rows - first)
      } else {
        triple.second += own
      }
    }
    return triple
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
      Matrix.multiply(transposed: part.rows(0..<first), x.rows(0..<first), into: one)
      Matrix.multiply(transposed: part.rows(first..<dy.rows), x.rows(first..<dy.rows), into: two)
      triple.add(one.base, two.base, count: outputs.count * x.columns)
      visit(outputs, one, two)
    }
    return triple
  }

  private func columnSums(_ x: Matrix<Scalar>) -> [Scalar] {
    var sums = [Scalar](repeating: 0, count: x.columns)
    for row in 0..<x.rows { addScaled(1, x.row(row), to: &sums, count: x.columns) }
    return sums
  }

  // MARK: - Norm weights

  func vector(_ parameter: Int, side: Int, gradient: UnsafePointer<Scalar>) {
    let count = layout.parameters[parameter].count
    if side == 0 {
      firstVectors[parameter] = Array(UnsafeBufferPointer(start: gradient, count: count))
    } else if let first = firstVectors.removeValue(forKey: parameter) {
      var triple = ProductTriple()
      triple.add(first, gradient, count: count)
      products.add(triple, to: parameter)
    }
  }

  // MARK: - Head and embedding

  func head(
    vocabulary: Range<Int>, input f: Matrix<Scalar>, outputGradient dLogits: Matrix<Scalar>
  ) {
    let size = layout.configuration.vocabularySize
    if prefersGram(rows: scored, inputs: hidden, outputs: size) {
      fillGram(outputGram, of: dLogits, beta: vocabulary.lowerBound == 0 ? 0 : 1)
      if layout.isTied { gatherHeadRows(vocabulary, f, dLogits) }
      if vocabulary.upperBound == size {
        fillGram(inputGram, of: f)
        products.add(gramProducts(rows: scored, first: firstScored), to: layout.head)
      }
    } else {
      let triple = bandProducts(dLogits, f, first: firstScored) { outputs, one, two in
        guard layout.isTied else { return }
        for row in 0..<outputs.count {
          let token = Int32(vocabulary.lowerBound + outputs.lowerBound + row)
          guard let place = embeddingRow[token] else { continue }
          headRow(0, place).update(from: one.row(row), count: hidden)
          headRow(1, place).update(from: two.row(row), count: hidden)
        }
      }
      products.add(triple, to: layout.head)
    }
  }

  private func headRow(_ side: Int, _ place: Int) -> UnsafeMutablePointer<Scalar> {
    headRows.base + (side * enteringTokens.count + place) * hidden
  }

  /// The head's gradient rows at the entering tokens of a vocabulary tile: Σ_m dl_m,token · f_m.
  private func gatherHeadRows(
    _ vocabulary: Range<Int>, _ f: Matrix<Scalar>, _ dLogits: Matrix<Scalar>
  ) {
    for (place, token) in enteringTokens.enumerated() where vocabulary.contains(Int(token)) {
      let column = Int(token) - vocabulary.lowerBound
      for m in 0..<scored {
        addScaled(
          dLogits.row(m)[column], f.row(m), to: headRow(m < firstScored ? 0 : 1, place),
          count: hidden)
      }
    }
  }

  /// Embedding rows collect the gradients of all rows that read them, so repeated tokens are
  /// summed before anything is multiplied. With tied embeddings the matrix's gradient is H + E, head
  /// part and embedding part, and <H₁+E₁, H₂+E₂> has four terms, the cross terms included.
  func embedding(tokens: [Int32], outputGradient dx: Matrix<Scalar>) {
    let count = enteringTokens.count
    let sums = Buffer<Scalar>(count: 2 * count * hidden)  // (2, U, C)
    for (row, token) in tokens.enumerated() {
      guard let place = embeddingRow[token] else { preconditionFailure("a token of no batch") }
      let side = row < firstRows ? 0 : 1
      addScaled(1, dx.row(row), to: sums.base + (side * count + place) * hidden, count: hidden)
    }
    var triple = ProductTriple()
    for place in 0..<count {
      let one = sums.base + place * hidden
      let two = sums.base + (count + place) * hidden
      triple.add(one, two, count: hidden)
      guard layout.isTied else { continue }
      let headOne = headRow(0, place)
      let headTwo = headRow(1, place)
      triple.inner +=
        wideDot(one, headTwo, count: hidden) + wideDot(headOne, two, count: hidden)
      triple.first += 2 * wideDot(one, headOne, count: hidden)
      triple.second += 2 * wideDot(two, headTwo, count: hidden)
    }
    products.add(triple, to: layout.embedding)
  }
}
