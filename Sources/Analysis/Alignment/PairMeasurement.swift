// One sample's two gradients compared: the unit of every alignment result.
import ModelCore

/// Products, log-probabilities and entropies of one response under two contexts.
public struct PairMeasurement: Sendable {
  /// <g_m, g_c> of each parameter group. (G)
  public var innerProducts: [Double]
  /// |g_m|² of each group. (G)
  public var squaredNormsMarginal: [Double]
  /// |g_c|² of each group. (G)
  public var squaredNormsConditional: [Double]
  /// log π(y_t | ·) and entropies in nats, one a response token. A token that is not scored (the
  /// first, without a context) is NaN.
  public var logMarginal: [Double]
  public var logConditional: [Double]
  public var entropyMarginal: [Double]
  public var entropyConditional: [Double]
  /// <∇ log π(y_t | n, ·), g_c>, divided by T under `mean`; empty unless asked for.
  public var tokenInnerProducts: [Double]
  /// Tokens that are scored, T.
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

/// The scalars of one sample under two contexts: a row of `/samples` or of a control.
public struct PairSummary: Sendable, Hashable {
  public var innerProduct: Double
  public var normMarginal: Double
  public var normConditional: Double
  /// Reduced as asked, in nats (per token under `mean`).
  public var logMarginal: Double
  public var logConditional: Double
  /// Mean over tokens of |log π(y_t|n,·) − log π(y_t|x,·)|.
  public var gap: Double
  /// Mean over tokens of log π(y_t|n,·) − log π(y_t|x,·).
  public var difference: Double

  /// NaN where a norm is 0.
  public var cosine: Double {
    let norms = normMarginal * normConditional
    return norms > 0 ? innerProduct / norms : .nan
  }

  /// A row of a sample to which the control does not apply.
  public static let undefined = PairSummary(
    innerProduct: .nan, normMarginal: .nan, normConditional: .nan, logMarginal: .nan,
    logConditional: .nan, gap: .nan, difference: .nan)

  init(
    innerProduct: Double, normMarginal: Double, normConditional: Double, logMarginal: Double,
    logConditional: Double, gap: Double, difference: Double
  ) {
    self.innerProduct = innerProduct
    self.normMarginal = normMarginal
    self.normConditional = normConditional
    self.logMarginal = logMarginal
    self.logConditional = logConditional
    self.gap = gap
    self.difference = difference
  }

  init(
    innerProduct: Double, squaredNormMarginal: Double, squaredNormConditional: Double,
    logMarginal: [Double], logConditional: [Double], scoredCount: Int, reduction: Reduction
  ) {
    let differences = zip(logMarginal, logConditional).map { $0 - $1 }.filter { !$0.isNaN }
    let count = Double(scoredCount)
    let divisor = reduction == .mean ? count : 1
    self.init(
      innerProduct: innerProduct, normMarginal: max(0, squaredNormMarginal).squareRoot(),
      normConditional: max(0, squaredNormConditional).squareRoot(),
      logMarginal: logMarginal.filter { !$0.isNaN }.reduce(0, +) / divisor,
      logConditional: logConditional.filter { !$0.isNaN }.reduce(0, +) / divisor,
      gap: differences.reduce(0) { $0 + abs($1) } / count,
      difference: differences.reduce(0, +) / count)
  }

  /// The seven numbers in the order of the initialiser: for journals.
  public var values: [Double] {
    [innerProduct, normMarginal, normConditional, logMarginal, logConditional, gap, difference]
  }

  /// From `values`; nil for another count.
  public init?(values: [Double]) {
    guard values.count == 7 else { return nil }
    self.init(
      innerProduct: values[0], normMarginal: values[1], normConditional: values[2],
      logMarginal: values[3], logConditional: values[4], gap: values[5], difference: values[6])
  }
}
