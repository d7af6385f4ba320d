// Decoding with a key-value cache, many rollouts at a time.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers.
//
// One step takes one token of each of B rows through all layers: every projection is one matrix
// product over the B rows. A product gives a row other bits when the number of rows changes, so a
// block always has its B rows: finished ones start another sequence or idle, never compacted.

/// A block of rows that are decoded together.
package final class Decoder<Scalar: ModelScalar> {
  private let model: Transformer<Scalar>
  private let rows: Int  // B
  private let capacity: Int  // longest sequence, rounded up to whole tiles
  private let rotary: RotaryTable<Scalar>
  // Keys are kept transposed, so that scores are sums of rows over positions.
  private let keys: Buffer<Scalar>  // (L, B, G, D, capacity)
  private let values: Buffer<Scalar>  // (L, B, G, capacity, D)
  private let scratch: Buffer<Scalar>
  private let x: Matrix<Scalar>  // (B, C)
  private let normed: Matrix<Scalar>  // (B, C)
  private let projections: Matrix<Scalar>  // (B, (H + 2G)·D)
  private let attended: Matrix<Scalar>  // (B, H·D)
  private let gateUp: Matrix<Scalar>  // (B, 2F)
  private let gated: Matrix<Scalar>  // (B, F)
  private let logits: Matrix<Scalar>  // (B, V)
  private let scores: UnsafeMutablePointer<Scalar>  // (capacity)
  private let head: UnsafeMutablePointer<Scalar>  // (2, D)

  package init(_ model: Transformer<Scalar>, rows: Int, capacity: Int) {
    BLAS.useOneThread
    self.model = model
    self.rows = rows
    let capacity = (capacity + cacheTile - 1) / cacheTile * cacheTile
    self.capacity = capacity
    let configuration = model.configuration
    let dimension = configuration.headDimension
    rotary = RotaryTable(configuration, positions: capacity)
    let cached =
      configuration.layerCount * rows * configuration.keyValueHeadCount * capacity * dimension
    keys = Buffer(count: cached)
    values = Buffer(count: cached)
    let widths = [
      configuration.hiddenSize, configuration.hiddenSize,
      (configuration.headCount + 2 * configuration.keyValueHeadCount) * dimension,
      configuration.headCount * dimension, 2 * configuration.feedForwardSize,
      configuration.feedForwardSize, configuration.vocabularySize,
    ]
    scratch = Buffer(count: rows * widths.reduce(0, +) + capacity + 2 * dimension)
    var next = scratch.base
    let matrices = widths.map { width in
      defer { next += rows * width }
      return Matrix(next, rows: rows, columns: width)
    }
    (x, normed, projections) = (matrices[0], matrices[1], matrices[2])
    (attended, gateUp, gated, logits) = (matrices[3], matrices[4], matrices[5], matrices[6])
    scores = next
    head = next + capacity
  }

  /// Takes each row's token at its position through the model; rows without a token idle.
  ///
  /// - Returns: Logits (B, V), valid until the next step; those of idle rows mean nothing.
  package func step(tokens: [Int32?], positions: [Int]) -> Matrix<Scalar> {
    let configuration = model.configuration
    let epsilon = Scalar(configuration.normEpsilon)
    let hidden = configuration.hiddenSize
    let table = model.pointer(model.layout.embedding)
    for (row, token) in tokens.enumerated() {
      x.row(row).update(from: table + Int(token ?? 0) * hidden, count: hidden)
    }
    for (index, layer) in model.layout.layers.enumerated() {
      normalize(weight: layer.inputNorm, epsilon)
      Matrix.multiply(normed, transposed: model.matrix(layer.queryKeyValue), into: projections)
      if let bias = layer.queryKeyValue.biases.first {
        for row in 0..<rows {
          addScaled(1, model.pointer(bias), to: projections.row(row), count: projections.columns)
        }
      }
      for row in 0..<rows where tokens[row] != nil {
        attend(layer: index, parameters: layer, row: row, position: positions[row])
      }
      Matrix.multiply(attended, transposed: model.matrix(layer.output), into: x, beta: 1)
      normalize(weight: layer.postAttentionNorm, epsilon)
      Matrix.multiply(normed, transposed: model.matrix(layer.gateUp), into: gateUp)
      for row in 0..<rows {
        swiGLU(gateUp.row(row), width: configuration.feedForwardSize, into: gated.row(row))
      }
      Matrix.multiply(gated, transposed: model.matrix(layer.down), into: x, beta: 1)
    }
    normalize(weight: model.layout.finalNorm, epsilon)
    Matrix.multiply(
      normed, transposed: model.head(vocabulary: 0..<configuration.vocabularySize), into: logits)
    return logits
  }

  private func normalize(weight: Int, _ epsilon: Scalar) {
    for row in 0..<rows {
      rmsNorm(
        x.row(row), weight: model.pointer(weight), count: x.columns, epsilon: epsilon,
        into: normed.row(row))
    }
  }

  /// Puts a row's new key and value into the cache and attends to all of the row's positions.
  private func attend(
    layer: Int, parameters: ParameterLayout.Layer, row: Int, position: Int
  ) {
    let configuration = model.configuration
    let dimension = configuration.headDimension
    let groups = configuration.keyValueHeadCount
    let sharing = configuration.headCount / groups
    let projected = projections.row(row)
    for group in 0..<groups {
      let place = ((layer * rows + row) * groups + group) * dimension * capacity
      let keyCache = keys.base + place  // (D, capacity)
      let valueCache = values.base + place  // (capacity, D)
      let key = rotated(
        projected + (configuration.headCount + group) * dimension, norm: parameters.keyNorm,
        position: position, scale: 1)
      for d in 0..<dimension { keyCache[d * capacity + position] = key[d] }
      (valueCache + position * dimension).update(
        from: projected + (configuration.headCount + groups + group) * dimension, count: dimension)

      for head in group * sharing..<(group + 1) * sharing {
        let query = rotated(
          projected + head * dimension, norm: parameters.queryNorm, position: position,
          scale: 1 / Scalar(dimension).squareRoot())
        let count = position + 1
        scoreCache(
          query, dimension: dimension, keys: keyCache, stride: capacity, count: count, into: scores)
        let maximum = rowMaximum(scores, count: count)
        let normalizer = 1 / Scalar.exponentiate(scores, count: count, shift: maximum)
        for s in 0..<count { scores[s] *= normalizer }
        mixCache(
          scores, values: valueCache, count: count, dimension: dimension,
          into: attended.row(row) + head * dimension)
      }
    }
  }

  /// One head after norm (Qwen3) and rotation, in scratch memory. (D)
  private func rotated(
    _ x: UnsafePointer<Scalar>, norm: Int?, position: Int, scale: Scalar
  ) -> UnsafePointer<Scalar> {
    let dimension = model.configuration.headDimension
    var source = x
    if let norm {
      let epsilon = Scalar(model.configuration.normEpsilon)
      rmsNorm(x, weight: model.pointer(norm), count: dimension, epsilon: epsilon, into: head)
      source = UnsafePointer(head)
    }
    rotary.rotate(source, position: position, scale: scale, into: head + dimension)
    return UnsafePointer(head + dimension)
  }
}
