// The comparison of one sample's two gradients, by parameter group and token.
import ModelCore
import Tables

/// Products, log-probabilities and entropies of one response under two contexts.
public struct PairMeasurement: Sendable {
  /// <g_m, g_c> of each parameter group. (G)
  public var innerProducts: [Double] = []
  /// |g_m|² of each group. (G)
  public var squaredNormsMarginal: [Double] = []
  /// |g_c|² of each group. (G)
  public var squaredNormsConditional: [Double] = []
  /// log π(y_t | ·) and entropies in nats, one per response token; NaN for a token that is not
  /// scored (the first, if there is no context).
  public var logMarginal: [Double] = []
  public var logConditional: [Double] = []
  public var entropyMarginal: [Double] = []
  public var entropyConditional: [Double] = []
  /// <∇ log π(y_t | n, ·), g_c>, divided by T under `mean`; empty unless asked for.
  public var tokenInnerProducts: [Double] = []
  /// The number of scored tokens, T.
  public var scoredCount: Int

  public init(
    innerProducts: [Double], squaredNormsMarginal: [Double], squaredNormsConditional: [Double],
    logMarginal: [Double], logConditional: [Double], entropyMarginal: [Double],
    entropyConditional: [Double], tokenInnerProducts: [Double] = [], scoredCount: Int
  ) {
    self.innerProducts = innerProducts
    self.squaredNormsMarginal = squaredNormsMarginal
    self.squaredNormsConditional = squaredNormsConditional
    self.logMarginal = logMarginal
    self.logConditional = logConditional
    self.entropyMarginal = entropyMarginal
    self.entropyConditional = entropyConditional
    self.tokenInnerProducts = tokenInnerProducts
    self.scoredCount = scoredCount
  }

  /// A measurement to be filled from its columns.
  init(scoredCount: Int) {
    self.scoredCount = scoredCount
  }

  /// The totals over groups and tokens.
  public func summary(_ reduction: Reduction) -> PairSummary {
    PairSummary(
      innerProduct: innerProducts.reduce(0, +),
      squaredNormMarginal: squaredNormsMarginal.reduce(0, +),
      squaredNormConditional: squaredNormsConditional.reduce(0, +),
      logMarginal: logMarginal, logConditional: logConditional, scoredCount: scoredCount,
      reduction: reduction)
  }
}

extension PairMeasurement {
  /// What is recorded of each parameter group. (G)
  public static let groupColumns: [Column<PairMeasurement, [Double]>] = [
    Column("inner_product", "inner product of the two gradients", \.innerProducts),
    Column(
      "squared_norm_marginal", "squared norm of the null-context gradient",
      \.squaredNormsMarginal),
    Column(
      "squared_norm_conditional", "squared norm of the conditional gradient",
      \.squaredNormsConditional),
  ]

  /// What is recorded of each response token.
  public static func tokenColumns(
    _ options: AlignmentOptions
  ) -> [Column<PairMeasurement, [Double]>] {
    scoreColumns + (options.tokenProducts ? productColumns : [])
  }

  private static let scoreColumns: [Column<PairMeasurement, [Double]>] = [
    Column(
      "logp_marginal", units: "nat", "log-probability of the token given the null context",
      \.logMarginal),
    Column(
      "logp_conditional", units: "nat", "log-probability of the token given the prompt",
      \.logConditional),
    Column(
      "entropy_marginal", units: "nat", "entropy of the prediction given the null context",
      \.entropyMarginal),
    Column(
      "entropy_conditional", units: "nat", "entropy of the prediction given the prompt",
      \.entropyConditional),
  ]

  private static let productColumns: [Column<PairMeasurement, [Double]>] = [
    Column(
      "inner_product",
      "inner product of the token's null-context gradient with the conditional gradient",
      \.tokenInnerProducts)
  ]
}
