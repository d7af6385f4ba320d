// Some of the responses of a file (all, the right ones, the longest quarter) and their thoughts.
import Statistics

/// A named set of responses with its counts and its accuracy. The accuracy is reported because more
/// reflection can come with wrong answers as well as with right ones.
public struct ThoughtStratum: Sendable {
  /// `all`, `right`, `wrong`, `length 1` … `length 4`.
  public let name: String
  /// A description of the name, such as the lengths of a quarter.
  public let title: String
  /// The number of responses.
  public let responseCount: Int
  /// The number of clusters they come from.
  public let clusterCount: Int
  /// All their tokens (or words).
  public let tokenCount: Int
  /// Tokens (or words) per response.
  public let responseLength: Interval
  /// The fraction of right responses (reward 1 or more) among those with a reward.
  public let accuracy: Interval
  /// One entry per kind.
  public let kinds: [KindStatistics]

  init(
    _ name: String, _ title: String, _ table: ThoughtTable, rows: [Int], bootstrap: BootstrapT,
    isGiven: Bool = false
  ) {
    self.name = name
    self.title = title
    responseCount = rows.count
    let clusters = rows.map { table.clusters[$0] }
    clusterCount = Set(clusters).count
    tokenCount = rows.reduce(0) { $0 + table.lengths[$1] }
    var lengths = ClusteredRatio()
    for row in rows {
      lengths.add(Double(table.lengths[row]), per: 1, cluster: table.clusters[row])
    }
    responseLength = lengths.mean(bootstrap)
    accuracy = Self.accuracy(
      rows.map { table.rewards[$0] }, clusters, isGiven: isGiven, bootstrap)
    kinds = (0..<table.kindCount).map {
      KindStatistics(table, rows: rows, kind: $0, bootstrap: bootstrap)
    }
  }

  /// The fraction of rewards of 1 or more. It has no interval in a set chosen by reward. If all are
  /// right or all are wrong, a bootstrap has no spread, and the interval is Korn and Graubard's.
  private static func accuracy(
    _ rewards: [Double], _ clusters: [Int], isGiven: Bool, _ bootstrap: BootstrapT
  ) -> Interval {
    let sample = ClusteredSample(
      rewards.map { $0.isNaN ? .nan : $0 >= 1 ? 1 : 0 }, clusters: clusters)
    if isGiven { return Interval(withoutInterval: sample.mean) }
    return sample.minimum < sample.maximum
      ? sample.mean(bootstrap).within(0...1) : sample.fraction()
  }

  /// All responses, then by correctness, then by quarter of length.
  ///
  /// A quarter ends at the quartile of the lengths. Equal lengths stay together, so quarters may
  /// differ in size, and if most lengths are equal a quarter may be empty.
  public static func strata(_ table: ThoughtTable, bootstrap: BootstrapT) -> [ThoughtStratum] {
    let rows = Array(0..<table.responseCount)
    func stratum(
      _ name: String, _ title: String, isGiven: Bool = false, _ isIn: (Int) -> Bool
    ) -> ThoughtStratum {
      ThoughtStratum(
        name, title, table, rows: rows.filter(isIn), bootstrap: bootstrap, isGiven: isGiven)
    }
    var strata = [
      stratum("all", "all responses") { _ in true },
      stratum("right", "reward 1 or more", isGiven: true) { table.rewards[$0] >= 1 },
      stratum("wrong", "reward below 1", isGiven: true) { table.rewards[$0] < 1 },
    ]
    let sorted = table.lengths.sorted()
    var below = Int.min
    for quarter in 1...4 where !sorted.isEmpty {
      let end = sorted[max(0, (sorted.count * quarter + 3) / 4 - 1)]
      let start = below
      let title =
        start == .min ? "length up to \(end)" : "length above \(start), up to \(end)"
      strata.append(
        stratum("length \(quarter)", title) {
          start < table.lengths[$0] && table.lengths[$0] <= end
        })
      below = end
    }
    return strata
  }
}
