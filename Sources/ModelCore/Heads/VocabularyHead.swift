// The language model's head: logits over the vocabulary, and log-probabilities and entropies of the
// scored tokens.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers; R rows, M scored rows.
//
// logits = f W_headᵀ with f (M, C) the normed states of the scored rows, capped where the model does so. The vocabulary is
// processed in tiles, so that no full (M, V) matrix exists for a large vocabulary. The backward
// recomputes each tile.

/// The matrix (V, C) is a separate parameter or, if tied, the embedding.
struct VocabularyHead: Sendable {
  let weight: Weight
  /// Whether the matrix is the embedding's.
  let isTied: Bool
  let vocabularySize: Int  // V
  let hiddenSize: Int  // C
  /// Logits are c tanh(logit / c); nil for logits as they are.
  var cap: Double?

  /// Words of the vocabulary whose logits exist at a time, unless said otherwise.
  static func tile(_ vocabularySize: Int) -> Int {
    vocabularySize <= 16_384 ? vocabularySize : 8_192
  }

  /// What the forward keeps for the backward and the tangent, and their working memory.
  struct Site<Scalar: ModelScalar> {
    let parameters: ParameterView<Scalar>
    let features: Matrix<Scalar>  // f (M, C)
    let logits: Matrix<Scalar>  // (M, vocabulary tile)
    let targets: [Int32]  // (M)

    /// Tiles of the vocabulary, in order.
    func tiles(_ vocabularySize: Int) -> [Range<Int>] {
      stride(from: 0, to: vocabularySize, by: logits.columns).map {
        $0..<min($0 + logits.columns, vocabularySize)
      }
    }
  }

  /// The rows of the matrix that belong to a range of the vocabulary. (tile, C)
  private func rows<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>, _ vocabulary: Range<Int>
  ) -> Matrix<Scalar> {
    parameters.rows(weight, vocabulary, columns: hiddenSize)
  }

  /// logits (M, tile) = f · W_headᵀ, capped
  private func logits<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ vocabulary: Range<Int>
  ) -> Matrix<Scalar> {
    let logits = site.logits.firstColumns(vocabulary.count)
    Backend.multiply(
      site.features, transposed: rows(site.parameters, vocabulary), into: logits)
    if let cap { Backend.softcapRows(logits, cap: cap) }
    return logits
  }

  /// Log-probability and entropy of every target, and the log-sum-exps that the backward needs.
  func score<Scalar: ModelScalar>(
    _ site: Site<Scalar>
  ) -> (scores: TokenScores, logSumExps: [Double]) {
    let count = site.targets.count
    var running = [RunningSoftmax](repeating: RunningSoftmax(), count: count)
    var targetLogits = [Double](repeating: 0, count: count)
    for vocabulary in site.tiles(vocabularySize) {
      Backend.scoreTile(
        logits(site, vocabulary), vocabulary: vocabulary, targets: site.targets, into: &running,
        targetLogits: &targetLogits)
    }
    let logSumExps = running.map(\.logSumExp)
    let scores = TokenScores(
      logProbabilities: zip(targetLogits, logSumExps).map { $0 - $1 },
      entropies: running.map(\.entropy))
    return (scores, logSumExps)
  }

  /// df (M, C) of Σ c_i log π(y_i), and the matrix's gradient tile by tile.
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, logSumExps: [Double], coefficients: [Scalar], dFeatures: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    for (index, vocabulary) in site.tiles(vocabularySize).enumerated() {
      let dLogits = logits(site, vocabulary)
      Backend.scoreTileBackward(
        dLogits, vocabulary: vocabulary, targets: site.targets, logSumExps: logSumExps,
        coefficients: coefficients, cap: cap)
      receiver.head(
        weight.index, rows: vocabulary, outputGradient: dLogits, input: site.features)
      Backend.multiply(
        dLogits, rows(site.parameters, vocabulary), into: dFeatures, beta: index == 0 ? 0 : 1)
    }
  }

  /// d log π(y) of every target along a direction; dFeatures (M, C) are the features' tangents. (M)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, logSumExps: [Double], dFeatures: Matrix<Scalar>,
    dLogits: Matrix<Scalar>, along direction: ParameterView<Scalar>
  ) -> [Double] {
    var derivatives = [Double](repeating: 0, count: site.targets.count)
    for vocabulary in site.tiles(vocabularySize) {
      let logits = logits(site, vocabulary)
      let tile = dLogits.firstColumns(vocabulary.count)
      Backend.multiply(dFeatures, transposed: rows(site.parameters, vocabulary), into: tile)
      Backend.multiply(site.features, transposed: rows(direction, vocabulary), into: tile, beta: 1)
      if let cap { Backend.softcapRowsBackward(tile, capped: logits, cap: cap) }
      Backend.scoreTileTangent(
        logits, tile, vocabulary: vocabulary, targets: site.targets, logSumExps: logSumExps,
        into: &derivatives)
    }
    return derivatives
  }

  /// All logits (B, V), capped, of some rows' normed states (B, C).
  func step<Scalar: ModelScalar>(
    _ features: Matrix<Scalar>, _ parameters: ParameterView<Scalar>,
    into logits: Matrix<Scalar>
  ) {
    // In tiles, so that a matrix in a file is never converted as a whole.
    let tile = Self.tile(vocabularySize)
    for start in stride(from: 0, to: vocabularySize, by: tile) {
      let words = start..<min(start + tile, vocabularySize)
      Backend.multiply(
        features, transposed: rows(parameters, words), into: logits.columns(words))
    }
    if let cap { Backend.softcapRows(logits, cap: cap) }
  }
}
