// How the tokens of a kind of thought differ from those of the default kind.
import Statistics

/// The statistics of one row of `ThoughtTokens`.
public struct ThoughtTokenStatistics: Sendable {
  /// One quantity of the tokens.
  public struct Quantity: Sendable {
    /// The key of files, such as `logp_gap`.
    public let name: String
    /// `nat` or `1`.
    public let units: String
    /// A description.
    public let title: String
    /// The mean over the tokens, or the fraction.
    public let value: Interval
    /// The mean minus that of the default kind's tokens; nil for fractions and for the default
    /// kind.
    public let contrast: Interval?
  }

  /// An index into the lexicon's `kindNames`.
  public let kind: Int
  /// Whether only the first token of each thought counts.
  public let isOpening: Bool
  /// The number of tokens.
  public let tokenCount: Int
  /// The same quantities in every row.
  public let quantities: [Quantity]

  /// All rows; kinds are compared with the last one, first tokens with its first tokens.
  public static func rows(
    _ tokens: ThoughtTokens, bootstrap: BootstrapT
  ) -> [ThoughtTokenStatistics] {
    let kindCount = tokens.rows.count / 2
    return tokens.rows.map { row in
      let base = tokens.rows[row.isOpening ? 2 * kindCount - 1 : kindCount - 1]
      func mean(
        _ name: String, _ units: String, _ title: String,
        _ ratio: KeyPath<ThoughtTokens.Row, ClusteredRatio>
      ) -> Quantity {
        let own = row[keyPath: ratio]
        return Quantity(
          name: name, units: units, title: title, value: own.mean(bootstrap),
          contrast: row.kind == base.kind
            ? nil : own.difference(from: base[keyPath: ratio], bootstrap))
      }
      func share(
        _ name: String, _ title: String, _ ratio: KeyPath<ThoughtTokens.Row, ClusteredRatio>,
        within range: ClosedRange<Double> = -Double.infinity...Double.infinity
      ) -> Quantity {
        Quantity(
          name: name, units: "1", title: title,
          value: row[keyPath: ratio].mean(bootstrap).within(range), contrast: nil)
      }
      var quantities = [
        mean(
          "logp_gap", "nat", "absolute difference of the two log-probabilities of a token", \.gap),
        mean(
          "logp_difference", "nat", "log-probability given the null context minus the prompt's",
          \.difference),
        mean(
          "entropy_marginal", "nat", "entropy of the prediction given the null context",
          \.entropyMarginal),
        mean(
          "entropy_conditional", "nat", "entropy of the prediction given the prompt",
          \.entropyConditional),
        share("token_share", "share of all tokens", \.tokenShare, within: 0...1),
      ]
      if tokens.hasProducts {
        quantities += [
          mean("inner_product", "1", "inner product of a token's gradients", \.innerProduct),
          share(
            "inner_product_share", "share of the sum of all inner products", \.innerProductShare),
        ]
      }
      return ThoughtTokenStatistics(
        kind: row.kind, isOpening: row.isOpening, tokenCount: row.tokenCount,
        quantities: quantities)
    }
  }
}
