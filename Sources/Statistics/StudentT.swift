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
