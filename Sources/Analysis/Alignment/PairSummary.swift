// The comparison of one sample's two gradients: the numbers of one row.
import Tables

/// The scalars of one sample under two contexts: a row of `/samples` or of a control.
public struct PairSummary: Sendable, Hashable {
  public var innerProduct = Double.nan
  public var normMarginal = Double.nan
  public var normConditional = Double.nan
  /// Combined as `reduction` says, in nats (per token with `mean`).
  public var logMarginal = Double.nan
  public var logConditional = Double.nan
  /// Mean over tokens of |log π(y_t|n,·) − log π(y_t|x,·)|.
  public var gap = Double.nan
  /// Mean over tokens of log π(y_t|n,·) − log π(y_t|x,·).
  public var difference = Double.nan

  /// NaN where a norm is 0.
  public var cosine: Double {
    let norms = normMarginal * normConditional
    return norms > 0 ? innerProduct / norms : .nan
  }

  /// The long name of the first number that is not finite; nil where all are.
  public var nonFinite: String? {
    Self.storedColumns.first { !$0.value(self).isFinite }?.longName
  }

  /// A row of a sample to which the control does not apply: NaN throughout.
  public static let undefined = PairSummary()

  private init() {}

  init(
    innerProduct: Double, squaredNormMarginal: Double, squaredNormConditional: Double,
    logMarginal: [Double], logConditional: [Double], scoredCount: Int, reduction: Reduction
  ) {
    let differences = zip(logMarginal, logConditional).map { $0 - $1 }.filter { !$0.isNaN }
    let count = Double(scoredCount)
    let divisor = reduction == .mean ? count : 1
    self.innerProduct = innerProduct
    normMarginal = max(0, squaredNormMarginal).squareRoot()
    normConditional = max(0, squaredNormConditional).squareRoot()
    self.logMarginal = logMarginal.filter { !$0.isNaN }.reduce(0, +) / divisor
    self.logConditional = logConditional.filter { !$0.isNaN }.reduce(0, +) / divisor
    gap = differences.reduce(0) { $0 + abs($1) } / count
    difference = differences.reduce(0, +) / count
  }
}

extension PairSummary {
  /// The numbers of a row, in the order of the files.
  public static let columns: [Column<PairSummary, Double>] = [
    Column("inner_product", "inner product of the two gradients", \.innerProduct),
    Column("cosine", "cosine of the two gradients", derived: { $0.cosine }),
    Column("norm_marginal", "norm of the null-context gradient", \.normMarginal),
    Column("norm_conditional", "norm of the conditional gradient", \.normConditional),
    Column("logp_marginal", units: "nat", "null-context log-probability", \.logMarginal),
    Column("logp_conditional", units: "nat", "conditional log-probability", \.logConditional),
    Column(
      "logp_gap", units: "nat", "mean absolute difference of token log-probabilities", \.gap),
    Column(
      "logp_difference", units: "nat",
      "mean of null-context minus conditional token log-probabilities", \.difference),
  ]

  /// The numbers that are stored; the others follow from them.
  public static let storedColumns = columns.filter(\.isStored)

  /// The stored numbers, in the order of `storedColumns`.
  public var stored: [Double] { Self.storedColumns.map { $0.value(self) } }

  /// Restores a row from the stored numbers; nil if their count is wrong.
  public init?(stored values: some Collection<Double>) {
    guard values.count == Self.storedColumns.count else { return nil }
    self.init()
    for (column, value) in zip(Self.storedColumns, values) {
      if let path = column.path { self[keyPath: path] = value }
    }
  }
}
