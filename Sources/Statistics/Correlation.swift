// Correlation of two lists of numbers, of their values and of their ranks.

/// How two values of the same units go together.
public enum Correlation {
  /// Pearson's correlation; NaN where one of the lists does not vary.
  public static func pearson(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "one pair a unit")
    let count = Double(a.count)
    let means = (a.reduce(0, +) / count, b.reduce(0, +) / count)
    var (both, own, other) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      both += (x - means.0) * (y - means.1)
      own += (x - means.0) * (x - means.0)
      other += (y - means.1) * (y - means.1)
    }
    return both / (own * other).squareRoot()
  }

  /// Spearman's: Pearson's of the ranks, where equal values share the mean of theirs.
  public static func spearman(_ a: [Double], _ b: [Double]) -> Double {
    pearson(ranks(a), ranks(b))
  }

  /// The rank of each value from 1 on.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
      start = end + 1
    }
    return ranks
  }

  /// The correlation of two wholes from that of their halves; at least 0, since halves that disagree tell of none.
  public static func steppedUp(_ halves: Double) -> Double {
    halves.isNaN ? .nan : max(0, 2 * halves / (1 + max(0, halves)))
  }

  /// The correlation that the whole of K parts would have with another whole: of sums over one half of the parts with
  /// sums over the other, averaged over all ways to halve them, and stepped up (Spearman and Brown, 1910). 0 where halves
  /// do not correlate.
  ///
  /// - Parameter parts: Of each unit its K values, K even.
  public static func reliability(_ parts: [[Double]]) -> Double {
    guard let count = parts.first?.count, count > 1, count.isMultiple(of: 2), parts.count > 2 else {
      return .nan
    }
    // Each halving once: the first part is always in the first half.
    let halves = (0..<1 << count).filter { $0.nonzeroBitCount == count / 2 && $0 & 1 == 1 }
    let correlations = halves.map { half in
      func sums(_ isFirst: Bool) -> [Double] {
        parts.map { values in
          values.indices.reduce(0) { $0 + ((half >> $1 & 1 == 1) == isFirst ? values[$1] : 0) }
        }
      }
      return pearson(sums(true), sums(false))
    }
    return steppedUp(correlations.reduce(0, +) / Double(correlations.count))
  }
}
