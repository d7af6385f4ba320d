// What the rewards of a reward model look like, and how far they agree with rewards that are known.
import Foundation
import Statistics
import StrictJSON
import Tables
import Tasks

/// Statistics of the rewards that a reward model gives to rollouts, with 95% intervals over clusters.
public struct RewardReport: Sendable {
  /// The statistics by JSON key, in the order of tables. Those of pairs are there where two rollouts of a
  /// problem have different rewards of their own.
  public let entries: [(key: String, entry: Evaluation.Entry)]
  public let rolloutCount: Int
  public let clusterCount: Int

  /// - Parameters:
  ///   - rollouts: With the rewards that a file gives them, if any.
  ///   - rewards: Those of the reward model, in the same order.
  public init(_ rollouts: [Rollout], rewards: [Double], bootstrap: BootstrapT) {
    // Names are compared by their bytes: canonically equal ones may differ.
    let clusters = rollouts.map { Array($0.cluster.utf8) }
    let sample = ClusteredSample(rewards, clusters: clusters)
    let lengths = rollouts.map { Double($0.responseTokens.count) }
    func entry(_ name: String, _ interval: Interval, _ count: Int) -> Evaluation.Entry {
      Evaluation.Entry(name: name, interval: interval, count: count)
    }
    var entries = [
      ("mean_reward", entry("mean reward", sample.mean(bootstrap), sample.count)),
      (
        "reward_std",
        entry("standard deviation", sample.standardDeviation(bootstrap), sample.count)
      ),
      ("min_reward", entry("smallest", Interval(withoutInterval: sample.minimum), sample.count)),
      ("max_reward", entry("largest", Interval(withoutInterval: sample.maximum), sample.count)),
      (
        "length_correlation",
        entry(
          "correlation with length", Interval(withoutInterval: correlation(rewards, lengths)),
          sample.count)
      ),
    ]
    let pairs = Self.pairs(rollouts)
    if !pairs.isEmpty {
      func share(_ name: String, _ values: [Double]) -> Evaluation.Entry {
        let sample = ClusteredSample(
          pairs.map { preference(values[$0.better] - values[$0.worse]) },
          clusters: pairs.map { clusters[$0.better] })
        return entry(name, sample.share(bootstrap), sample.count)
      }
      entries += [
        ("pair_accuracy", share("pairs in the file's order", rewards)),
        ("longer_accuracy", share("  by length alone", lengths)),
      ]
    }
    self.entries = entries
    rolloutCount = rollouts.count
    clusterCount = Set(clusters).count
  }

  /// The pairs of rollouts of one problem with different rewards of their own.
  private static func pairs(_ rollouts: [Rollout]) -> [(better: Int, worse: Int)] {
    let groups = Dictionary(grouping: rollouts.indices) { Array(rollouts[$0].problemID.utf8) }
    return groups.values.sorted { $0[0] < $1[0] }.flatMap { group in
      group.flatMap { better in
        group.compactMap { worse in
          guard let high = rollouts[better].reward, let low = rollouts[worse].reward, high > low
          else { return nil }
          return (better, worse)
        }
      }
    }
  }

  /// The statistics by key.
  public var json: JSON {
    var object: JSONObject = [:]
    for (key, entry) in entries { object[key] = entry.json }
    return .object(object)
  }

  /// The table, under a line that says what was scored.
  public func text(of what: String) -> String {
    var table = TextTable(["", "mean", "95% interval", "n"])
    for (_, entry) in entries {
      table.add([
        entry.name, fixed(entry.interval.estimate, entry.decimals),
        entry.interval.ends(entry.decimals), String(entry.count),
      ])
    }
    let few = fewClustersNote(clusterCount).map { "\n\($0)" } ?? ""
    return "\(what): \(rolloutCount) rollouts, \(clusterCount) clusters\n\(table.text)\(few)"
  }
}

/// 1 where a difference is above 0, 0 where it is below, ½ where it is 0.
func preference(_ difference: Double) -> Double {
  difference > 0 ? 1 : difference < 0 ? 0 : 0.5
}

/// Pearson's correlation; NaN where one side does not vary.
func correlation(_ x: [Double], _ y: [Double]) -> Double {
  let (meanX, meanY) = (
    x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count)
  )
  var (xx, yy, xy) = (0.0, 0.0, 0.0)
  for (a, b) in zip(x, y) {
    xx += (a - meanX) * (a - meanX)
    yy += (b - meanY) * (b - meanY)
    xy += (a - meanX) * (b - meanY)
  }
  return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : .nan
}
