// Student's t distribution: the quantiles of the jackknife and of small cluster counts.

/// Student's t with `degrees` degrees of freedom.
public enum StudentT {
  /// P(T ≤ t).
  public static func cumulative(_ t: Double, degrees: Double) -> Double {
    let tail = upperTail(abs(t), degrees: degrees)
    return t < 0 ? tail : 1 - tail
  }

  /// The t with P(T ≤ t) = probability; ±∞ at 0 and 1.
  public static func quantile(_ probability: Double, degrees: Double) -> Double {
    precondition((0...1).contains(probability), "a probability lies in 0...1")
    if probability == 0.5 { return 0 }
    let tail = min(probability, 1 - probability)
    if tail == 0 { return probability < 0.5 ? -.infinity : .infinity }
    var bound = 1.0
    while upperTail(bound, degrees: degrees) > tail { bound *= 2 }
    let t = IncompleteBeta.bisect(low: 0, high: bound) { upperTail($0, degrees: degrees) > tail }
    return probability < 0.5 ? -t : t
  }

  /// P(T > t) for t ≥ 0: half of Iₓ(ν/2, 1/2) at x = ν/(ν + t²).
  private static func upperTail(_ t: Double, degrees: Double) -> Double {
    precondition(degrees > 0, "Student's t needs positive degrees of freedom")
    let square = t * t
    if square.isInfinite { return 0 }
    return 0.5
      * IncompleteBeta.value(
        degrees / (degrees + square), complement: square / (degrees + square), degrees / 2, 0.5)
  }
}

/// The mean of independent values with Student's interval.
public struct StudentMean: Sendable {
  private let count: Int
  private let quantile: Double

  /// - Parameter count: how many values there will be. A count below 2 gives NaN ends.
  public init(of count: Int, confidence: Double = 0.95) {
    self.count = count
    quantile =
      count > 1
      ? StudentT.quantile((1 + confidence) / 2, degrees: Double(count - 1)) : .nan
  }

  public func interval(_ values: [Double]) -> Interval {
    precondition(values.count == count, "the announced number of values")
    let count = Double(count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let reach = quantile * (squares / (count - 1) / count).squareRoot()
    return Interval(estimate: mean, low: mean - reach, high: mean + reach)
  }
}
