// The change in the rate of a kind of thought from one file to another.
import Statistics

/// The change of one kind from a base to another set of responses. A fold change is unstable if the
/// base's rate is near zero, so it is reported with its counts.
public struct ThoughtFoldChange: Sendable {
  /// Thoughts of the kind in the base.
  public let baseCount: Int
  /// Thoughts of the kind in the other set.
  public let count: Int
  /// Thoughts per response divided by the base's; NaN where either has none.
  public let perResponse: Interval
  /// Thoughts per 1,000 tokens divided by the base's, which removes the effect of length.
  public let perThousandTokens: Interval
  /// Thoughts per response minus the base's, defined also where the base has none.
  public let difference: Interval

  /// The change of every kind; both tables count the same clusters by the same indices.
  public static func changes(
    from base: ThoughtTable, to other: ThoughtTable, bootstrap: BootstrapT
  ) -> [ThoughtFoldChange] {
    precondition(base.kindCount == other.kindCount, "both are counted by one lexicon")
    return (0..<base.kindCount).map { kind in
      func ratio(_ table: ThoughtTable, _ weight: (Int) -> Double) -> ClusteredRatio {
        var ratio = ClusteredRatio()
        for row in 0..<table.responseCount {
          ratio.add(
            Double(table.count(row, kind)), per: weight(row), cluster: table.clusters[row])
        }
        return ratio
      }
      let (before, after) = (ratio(base) { _ in 1 }, ratio(other) { _ in 1 })
      let beforePerToken = ratio(base) { Double(base.lengths[$0]) }
      let afterPerToken = ratio(other) { Double(other.lengths[$0]) }
      return ThoughtFoldChange(
        baseCount: Int(before.numerator), count: Int(after.numerator),
        perResponse: after.fold(over: before, bootstrap),
        perThousandTokens: afterPerToken.fold(over: beforePerToken, bootstrap),
        difference: after.difference(from: before, bootstrap))
    }
  }
}
