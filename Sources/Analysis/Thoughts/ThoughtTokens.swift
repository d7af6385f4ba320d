// Log-probabilities, entropies and inner products of the tokens of each kind of thought.

/// Sums over the tokens of kinds, to compare reflection and transition with execution.
public struct ThoughtTokens: Sendable {
  /// The values of one response's tokens; all arrays have one entry per token.
  public struct Values: Sendable {
    /// log π(y_t | null context).
    public var logMarginal: [Double]
    /// log π(y_t | prompt).
    public var logConditional: [Double]
    /// The entropy of the prediction given the null context.
    public var entropyMarginal: [Double]
    /// The entropy of the prediction given the prompt.
    public var entropyConditional: [Double]
    /// Each token's contribution to the inner product; empty if it was not measured.
    public var innerProduct: [Double]

    /// The values of a response.
    public init(
      logMarginal: [Double], logConditional: [Double], entropyMarginal: [Double],
      entropyConditional: [Double], innerProduct: [Double]
    ) {
      self.logMarginal = logMarginal
      self.logConditional = logConditional
      self.entropyMarginal = entropyMarginal
      self.entropyConditional = entropyConditional
      self.innerProduct = innerProduct
    }
  }

  /// The rows of the result: all tokens of a kind's thoughts, or only those thoughts' first tokens.
  public struct Row: Sendable {
    /// An index into the lexicon's `kindNames`.
    public let kind: Int
    /// Whether only the first token of each thought counts.
    public let isOpening: Bool
    /// The number of tokens.
    public internal(set) var tokenCount = 0
    /// |log π(y_t|n) − log π(y_t|x)| per token, in nats.
    public internal(set) var gap = ClusteredRatio()
    /// log π(y_t|n) − log π(y_t|x) per token, in nats.
    public internal(set) var difference = ClusteredRatio()
    /// The entropy given the null context, in nats.
    public internal(set) var entropyMarginal = ClusteredRatio()
    /// The entropy given the prompt, in nats.
    public internal(set) var entropyConditional = ClusteredRatio()
    /// The fraction of all tokens.
    public internal(set) var tokenShare = ClusteredRatio()
    /// The inner product per token.
    public internal(set) var innerProduct = ClusteredRatio()
    /// The fraction of the sum of all inner products.
    public internal(set) var innerProductShare = ClusteredRatio()

    init(kind: Int, isOpening: Bool) {
      self.kind = kind
      self.isOpening = isOpening
    }
  }

  /// One row per kind for all tokens, then one row per kind for first tokens.
  public private(set) var rows: [Row]
  /// Whether inner products were given.
  public private(set) var hasProducts = false
  /// The number of responses.
  public private(set) var responseCount = 0

  /// Nothing added yet.
  public init(kindCount: Int) {
    rows = [false, true].flatMap { isOpening in
      (0..<kindCount).map { Row(kind: $0, isOpening: isOpening) }
    }
  }

  /// Adds a response.
  ///
  /// Tokens outside thoughts count only in the denominators of fractions; tokens without a value
  /// (the first one of a run without null context) are left out.
  /// - Parameters:
  ///   - kinds: each token's kind, nil outside thoughts.
  ///   - openings: whether the token is its thought's first.
  public mutating func add(
    _ values: Values, kinds: [Int?], openings: [Bool], cluster: Int
  ) {
    precondition(
      kinds.count == values.logMarginal.count && openings.count == kinds.count,
      "one entry a token")
    responseCount += 1
    let kindCount = rows.count / 2
    let isScored = kinds.indices.map {
      !values.logMarginal[$0].isNaN && !values.logConditional[$0].isNaN
    }
    let products = values.innerProduct
    hasProducts = hasProducts || !products.isEmpty
    let scoredCount = isScored.count { $0 }
    let productSum =
      products.isEmpty
      ? 0
      : kinds.indices.reduce(0) {
        isScored[$1] ? $0 + products[$1] : $0
      }
    for place in rows.indices {
      rows[place].tokenShare.add(0, per: Double(scoredCount), cluster: cluster)
      if !products.isEmpty {
        rows[place].innerProductShare.add(0, per: productSum, cluster: cluster)
      }
    }
    for token in kinds.indices where isScored[token] {
      guard let kind = kinds[token] else { continue }
      for place in openings[token] ? [kind, kindCount + kind] : [kind] {
        let difference = values.logMarginal[token] - values.logConditional[token]
        rows[place].tokenCount += 1
        rows[place].gap.add(abs(difference), per: 1, cluster: cluster)
        rows[place].difference.add(difference, per: 1, cluster: cluster)
        rows[place].entropyMarginal.add(values.entropyMarginal[token], per: 1, cluster: cluster)
        rows[place].entropyConditional.add(
          values.entropyConditional[token], per: 1, cluster: cluster)
        rows[place].tokenShare.add(1, per: 0, cluster: cluster)
        if !products.isEmpty {
          rows[place].innerProduct.add(products[token], per: 1, cluster: cluster)
          rows[place].innerProductShare.add(products[token], per: 0, cluster: cluster)
        }
      }
    }
  }
}
