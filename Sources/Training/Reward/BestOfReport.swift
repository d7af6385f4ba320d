// Best-of-n by a reward model: what rises, and what it costs.
import Statistics
import StrictJSON
import Tables
import Tasks

/// The rewards of the best of n responses by a reward model, beside the rewards that a file gives them, over the distance
/// from the policy. Where the model's rewards go on rising and the file's fall, the model is overoptimised.
public struct BestOfReport: Sendable {
  /// The best of n, with 95% intervals over clusters.
  public struct Row: Sendable {
    public let n: Int
    /// The reward model's reward.
    public let reward: Interval
    /// The file's; nil where a rollout has none.
    public let given: Interval?
    /// KL(best of n ‖ policy) in nats, from the problems' own responses.
    public let divergence: Interval
    /// Problems with at least n responses; others are left out.
    public let problemCount: Int
  }

  public let rows: [Row]

  /// - Parameters:
  ///   - rollouts: With the rewards that a file gives them, if any.
  ///   - rewards: Those of the reward model, in the same order.
  public init(_ rollouts: [Rollout], rewards: [Double], counts: [Int], bootstrap: BootstrapT) {
    let groups = Dictionary(grouping: rollouts.indices) { Array(rollouts[$0].problemID.utf8) }
      .values.sorted { $0[0] < $1[0] }
    let isGiven = rollouts.allSatisfy { $0.reward != nil }
    rows = counts.map { n in
      let groups = groups.filter { $0.count >= n }
      func mean(_ value: ([Int]) -> Double) -> Interval {
        guard !groups.isEmpty else { return Interval(withoutInterval: .nan) }
        return ClusteredSample(
          groups.map(value), clusters: groups.map { Array(rollouts[$0[0]].cluster.utf8) }
        ).mean(bootstrap)
      }
      func best(_ values: [Double], _ group: [Int]) -> Double {
        BestOfN.mean(of: group.map { values[$0] }, by: group.map { rewards[$0] }, n: n)
      }
      let given = rollouts.map { $0.reward ?? .nan }
      return Row(
        n: n, reward: mean { best(rewards, $0) }, given: isGiven ? mean { best(given, $0) } : nil,
        divergence: mean { BestOfN.divergence(of: $0.map { rewards[$0] }, n: n) },
        problemCount: groups.count)
    }
  }

  /// `{"n", "reward", "given_reward", "divergence", "divergence_bound", "problems"}` of every n.
  public var json: JSON {
    .array(
      rows.map { row in
        var object: JSONObject = [
          "n": .integer(row.n), "reward": row.reward.json(), "divergence": row.divergence.json(),
          "divergence_bound": .real(BestOfN.divergenceBound(n: row.n)),
          "problems": .integer(row.problemCount),
        ]
        object["given_reward"] = row.given?.json()
        return .object(object)
      })
  }

  /// The table.
  public var text: String {
    let isGiven = rows.allSatisfy { $0.given != nil }
    var table = TextTable(
      ["best of", "reward", "95% interval"] + (isGiven ? ["given reward", "95% interval"] : [])
        + ["KL to policy", "at most", "problems"])
    for row in rows {
      var cells = [String(row.n)]
      for interval in [row.reward, row.given].compactMap({ $0 }) {
        cells += [fixed(interval.estimate, 3), interval.ends(3)]
      }
      table.add(
        cells + [
          fixed(row.divergence.estimate, 3), fixed(BestOfN.divergenceBound(n: row.n), 3),
          String(row.problemCount),
        ])
    }
    return table.text
  }
}
