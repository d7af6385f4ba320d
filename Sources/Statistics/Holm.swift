// Several comparisons at once.

/// P-values adjusted for the number of comparisons.
public enum Holm {
  /// Holm's step-down values (Scandinavian Journal of Statistics 6, 1979): those below α are false
  /// for one or more of the true null hypotheses with a probability of at most α, however the
  /// comparisons depend on each other.
  ///
  /// - Parameter values: the p-value of each comparison; NaN is no comparison and remains NaN.
  public static func adjusted(_ values: [Double]) -> [Double] {
    let order = values.indices.filter { !values[$0].isNaN }.sorted { values[$0] < values[$1] }
    var adjusted = values
    var largest = 0.0
    for (rank, place) in order.enumerated() {
      largest = max(largest, min(1, Double(order.count - rank) * values[place]))
      adjusted[place] = largest
    }
    return adjusted
  }
}
