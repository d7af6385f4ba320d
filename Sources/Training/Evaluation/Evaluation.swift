// Statistics of scored rollouts: accuracy, Avg@k, Pass@k, lengths and moves, each with an interval.
import Foundation
import Statistics
import StrictJSON
import Tables
import Tasks

/// The statistics of scored rollouts.
///
/// Intervals are 95% intervals over clusters: for accuracy, Avg@k and Pass@k that of a mean between
/// 0 and 1 (`ClusteredSample.mean(within:)`), for the fraction that ended Korn and Graubard's, for
/// the others bootstrap-t.
public struct Evaluation: Sendable {
  /// One statistic and the number of rollouts or problems behind it.
  public struct Entry: Sendable {
    public let name: String
    public let interval: Interval
    public let count: Int
    /// Decimals that are worth showing.
    public var decimals = 3

    /// `{"mean", "low", "high", "n"}`; null where a statistic is not defined.
    public var json: JSON { interval.json("mean", ["n": .integer(count)]) }
  }

  public let rolloutCount: Int
  public let problemCount: Int
  public let clusterCount: Int
  /// The fraction of rollouts with a reward of at least 1.
  public let accuracy: Entry
  /// Mean over problems of the mean reward, by k; problems with fewer than k rollouts are left out.
  public let averageAtK: [(k: Int, entry: Entry)]
  /// Mean over problems of the unbiased Pass@k; likewise.
  public let passAtK: [(k: Int, entry: Entry)]
  /// Tokens of a response, the end token included.
  public let responseLength: Entry
  /// The fraction of responses that end with an end token.
  public let ended: Entry
  /// What the rollouts' task counts in responses, by JSON key and in the order of tables; empty
  /// where no task recognizes its prompts.
  public let moves: [(key: String, entry: Entry)]

  /// Evaluates rollouts that all have a reward.
  ///
  /// - Parameters:
  ///   - ks: the numbers of tries, ascending.
  ///   - endTokens: the model's.
  public init(_ rollouts: [Rollout], ks: [Int], endTokens: [Int32], bootstrap: BootstrapT) {
    // Names are compared by their bytes: canonically equal ones may differ.
    let clusters = rollouts.map { Array($0.cluster.utf8) }
    func mean(
      _ name: String, _ values: [Double], weights: [Double]? = nil, decimals: Int = 3,
      atMost limit: Double = .infinity
    ) -> Entry {
      let sample = ClusteredSample(values, clusters: clusters, weights: weights)
      return Entry(
        name: name, interval: sample.mean(bootstrap).within(0...limit), count: sample.count,
        decimals: decimals)
    }

    rolloutCount = rollouts.count
    clusterCount = Set(clusters).count
    let isRight = rollouts.map { ($0.reward ?? 0) >= 1 }
    accuracy = Entry(
      name: "accuracy",
      interval: ClusteredSample(isRight.map { $0 ? 1 : 0 }, clusters: clusters).share(bootstrap),
      count: rollouts.count)

    var groups: [[Int]] = []
    var placeOfProblem: [[UInt8]: Int] = [:]
    for (index, rollout) in rollouts.enumerated() {
      let place = placeOfProblem[Array(rollout.problemID.utf8), default: groups.count]
      if place == groups.count {
        placeOfProblem[Array(rollout.problemID.utf8)] = place
        groups.append([])
      }
      groups[place].append(index)
    }
    problemCount = groups.count
    let groupClusters = groups.map { clusters[$0[0]] }
    func problemMean(_ name: String, _ value: ([Int]) -> Double) -> Entry {
      let sample = ClusteredSample(groups.map(value), clusters: groupClusters)
      return Entry(name: name, interval: sample.share(bootstrap), count: sample.count)
    }
    averageAtK = ks.map { k in
      (
        k,
        problemMean("Avg@\(k)") {
          PassAtK.average(rewards: $0.map { rollouts[$0].reward ?? 0 }, k: k)
        }
      )
    }
    passAtK = ks.map { k in
      (
        k,
        problemMean("Pass@\(k)") { group in
          PassAtK.pass(right: group.count { isRight[$0] }, rollouts: group.count, k: k)
        }
      )
    }

    let lengths = rollouts.map { Double($0.responseTokens.count) }
    responseLength = mean("response length", lengths, decimals: 1)
    let hasEnded = rollouts.map { rollout in
      rollout.responseTokens.last.map(endTokens.contains) == true ? 1.0 : 0
    }
    ended = Entry(
      name: "ended", interval: ClusteredSample(hasEnded, clusters: clusters).fraction(),
      count: rollouts.count)

    let statistics = BuiltInTasks.statistics(ofPrompts: rollouts.map(\.promptTokens))
    let responses = rollouts.map { TaskResponse(of: $0) }
    moves = statistics.flatMap { statistic -> [(key: String, entry: Entry)] in
      switch statistic.kind {
      case .mean(let value):
        let values = responses.map(value)
        return [
          (statistic.evaluationKey, mean(statistic.title, values)),
          (
            statistic.evaluationKey + "_per_100_tokens",
            mean("  per 100 tokens", zip(values, lengths).map { 100 * $0 / $1 }, weights: lengths)
          ),
        ]
      case .share(let value):
        // Every part of a whole weighs the same; a response without any has no share.
        let shares = responses.map(value)
        return [
          (
            statistic.evaluationKey,
            mean(
              statistic.title, shares.map { $0.part / $0.whole }, weights: shares.map(\.whole),
              atMost: 1)
          )
        ]
      case .overall:
        return []
      }
    }
  }

  /// The keys of the contract.
  public var json: JSON {
    // Numbers per response come before those per 100 tokens.
    let rates = moves.filter { $0.key.hasSuffix("_per_100_tokens") }
    let counts = moves.filter { move in
      rates.contains { $0.key == move.key + "_per_100_tokens" }
    }
    let others = moves.filter { move in
      !(counts + rates).contains { $0.key == move.key }
    }
    func object(_ entries: [(String, Entry)]) -> JSON {
      var object = JSONObject()
      for (key, entry) in entries { object[key] = entry.json }
      return .object(object)
    }
    return [
      "accuracy": accuracy.json,
      "avg_at_k": object(averageAtK.map { (String($0.k), $0.entry) }),
      "pass_at_k": object(passAtK.map { (String($0.k), $0.entry) }),
      "response_length": responseLength.json, "ended": ended.json,
      "moves": moves.isEmpty ? .null : object((counts + rates + others).map { ($0.key, $0.entry) }),
    ]
  }

  /// The table, under a line that says what was evaluated.
  public func text(of what: String) -> String {
    var table = TextTable(["", "mean", "95% interval", "n"])
    let entries =
      [accuracy] + averageAtK.map(\.entry) + passAtK.map(\.entry) + [responseLength, ended]
      + moves.map(\.entry)
    for entry in entries {
      let interval = entry.interval
      table.add([
        entry.name, fixed(interval.estimate, entry.decimals), interval.ends(entry.decimals),
        String(entry.count),
      ])
    }
    let few = fewClustersNote(clusterCount).map { "\n\($0)" } ?? ""
    return """
      \(what): \(rolloutCount) rollouts, \(problemCount) problems, \(clusterCount) clusters
      \(table.text)\(few)
      """
  }
}

extension ClusteredSample {
  /// The mean of values that lie between 0 and 1, unless rewards lie beyond.
  func share(_ bootstrap: BootstrapT) -> Interval {
    minimum >= 0 && maximum <= 1 ? mean(within: 0...1) : mean(bootstrap)
  }
}
