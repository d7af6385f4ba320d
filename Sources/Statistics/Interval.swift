// An estimate with its confidence interval, the form in which every statistic is published.

/// An estimate and the two ends of its 95% interval (unless the caller asked for another level).
///
/// `low` and `high` are NaN where no interval can be given (a single cluster, a minimum). They are infinite
/// where the data rule out too little: the interval of a ratio whose denominator may be zero.
public struct Interval: Sendable, Hashable {
  /// The value measured on all the data.
  public let estimate: Double
  /// The lower end.
  public let low: Double
  /// The upper end.
  public let high: Double

  /// An interval from its three numbers.
  public init(estimate: Double, low: Double, high: Double) {
    self.estimate = estimate
    self.low = low
    self.high = high
  }

  /// An estimate without an interval, for minima and maxima, whose resampled distribution does not
  /// describe that of the population.
  public init(withoutInterval estimate: Double) {
    self.init(estimate: estimate, low: .nan, high: .nan)
  }

  /// NaN, for an undefined statistic.
  public static let undefined = Interval(withoutInterval: .nan)

  /// True where the interval exists and lies wholly above zero.
  public var isAboveZero: Bool { low > 0 }

  /// True where an end is infinite.
  public var isUnbounded: Bool { low.isInfinite || high.isInfinite }

  /// The interval of an increasing function of the same quantity.
  package func map(_ increasing: (Double) -> Double) -> Interval {
    Interval(estimate: increasing(estimate), low: increasing(low), high: increasing(high))
  }

  /// The interval cut to the possible values of the quantity; ends that are NaN remain NaN.
  /// Student's interval of a fraction over a few clusters may reach beyond 1.
  package func within(_ range: ClosedRange<Double>) -> Interval {
    Interval(
      estimate: estimate, low: low.isNaN ? .nan : max(range.lowerBound, low),
      high: high.isNaN ? .nan : min(range.upperBound, high))
  }
}
