// What a critic says of rollouts, beside what they earned.
import HDF5
import KeyedRandom
import ModelCore
import Statistics
import Tables
import Tasks

/// Values, action values and advantages of every token of rollouts that have their rewards, with γ = 1 and
/// the reward at the last token.
///
///   Q(s_t, y_t) = r_t + V(s_{t+1}),  A(s_t, y_t) = Q(s_t, y_t) − V(s_t)
///
/// Q needs no function of its own, since an action only appends a token to the state. V behind the last token is
/// 0.
public struct CriticEvaluation: Sendable {
  /// The tokens of some places in their responses.
  public struct PositionBin: Sendable {
    /// Places, from 0.
    public let positions: Range<Int>
    public let tokenCount: Int
    /// Mean V.
    public let value: Interval
    /// Mean return, which is the reward.
    public let meanReturn: Interval
    /// Mean of V − return: 0 for a calibrated critic.
    public let bias: Interval
    /// Root of the mean squared difference of V and the return.
    public let error: Double
  }

  public let rollouts: [Rollout]
  /// V before each token of each response.
  public let values: [[Double]]
  /// By place, each bin twice as wide as the one before.
  public let calibration: [PositionBin]
  /// Share of the variance of returns that the values explain, over all tokens; interval over clusters.
  public let explainedVariance: Interval
  /// The values beside those of continuations, where these were sampled.
  public private(set) var states: StateEvaluation?

  /// Computes the values.
  ///
  /// - Parameter rollouts: Each with a reward.
  public init(
    _ rollouts: [Rollout], _ critic: ValueFunction, bootstrap: BootstrapT, threads: Int
  ) throws {
    let sequences = rollouts.map {
      ScoredSequence(context: $0.promptTokens, response: $0.responseTokens)
    }
    self.init(rollouts, values: try critic.values(sequences, threads: threads), bootstrap)
  }

  /// Compares the values with continuations.
  ///
  /// - Parameters:
  ///   - places: The first tokens of the states of each response, by `continuations`.
  ///   - values: V of these by at least two continuations each.
  public mutating func compare(
    with continuations: ContinuationValues, places: [[Int]],
    values continued: [[ContinuationValues.Estimate]], task: any PolicyTask, bootstrap: BootstrapT
  ) {
    precondition(continuations.count > 1, "the noise of one continuation is unknown")
    states = StateEvaluation(
      rollouts, values: values, places: places, continued: continued,
      continuations: continuations.count, task: task, bootstrap)
  }

  package init(_ rollouts: [Rollout], values: [[Double]], _ bootstrap: BootstrapT) {
    self.rollouts = rollouts
    self.values = values
    let longest = values.map(\.count).max() ?? 0
    calibration = Self.bins(longest).map { Self.bin($0, rollouts, values, bootstrap) }
    let byCluster = Dictionary(grouping: rollouts.indices) { rollouts[$0].cluster }
    explainedVariance = ActorCriticMetrics.explainedVariance(
      byCluster.keys.sorted().map { cluster in
        let own = byCluster[cluster] ?? []
        return (
          own.flatMap { values[$0] },
          own.flatMap { index in values[index].map { _ in rollouts[index].reward ?? .nan } }
        )
      })
  }

  /// 0..<4, 4..<8, 8..<16, …
  private static func bins(_ longest: Int) -> [Range<Int>] {
    var bins: [Range<Int>] = []
    var (start, end) = (0, 4)
    while start < longest {
      bins.append(start..<end)
      (start, end) = (end, 2 * end)
    }
    return bins
  }

  private static func bin(
    _ positions: Range<Int>, _ rollouts: [Rollout], _ values: [[Double]], _ bootstrap: BootstrapT
  ) -> PositionBin {
    var (found, returns, clusters): ([Double], [Double], [String]) = ([], [], [])
    for (rollout, own) in zip(rollouts, values) {
      for place in positions.clamped(to: own.indices) {
        found.append(own[place])
        returns.append(rollout.reward ?? .nan)
        clusters.append(rollout.cluster)
      }
    }
    func mean(_ values: [Double]) -> Interval {
      ClusteredSample(values, clusters: clusters).mean(bootstrap)
    }
    let differences = zip(found, returns).map { $0 - $1 }
    let squares = differences.reduce(0) { $0 + $1 * $1 }
    return PositionBin(
      positions: positions, tokenCount: found.count, value: mean(found), meanReturn: mean(returns),
      bias: mean(differences), error: (squares / Double(max(1, found.count))).squareRoot())
  }
}
