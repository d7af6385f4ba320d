// Advantages: how a reward becomes the weight of a response's log-probability.
//
// To detect equal rewards, the rewards themselves are compared, not their deviation. The computed
// mean of equal floats may differ from them, and a deviation of 1e-17 divided by itself would be an
// advantage of 1.

/// How the rewards r_1..r_G of one problem's rollouts become advantages.
public enum AdvantageScheme: String, Sendable, CaseIterable {
  /// (r − mean) / (std + 1e-6), std with G − 1 (Shao et al., GRPO, 2402.03300; as TRL and verl).
  case groupStandardized = "group-std"
  /// r − mean (Liu et al., Dr. GRPO, 2503.20783).
  case groupCentered = "group-centered"
  /// r − mean of the others, which is G/(G−1) · (r − mean) (Ahmadian et al., RLOO, 2402.14740).
  case leaveOneOut = "rloo"
  /// +1 for reward 1, −1 for any other: no baseline (Zhu et al., RLVR-Decomposed, 2506.01347).
  case raw

  /// Whether rollouts are compared within their group, which then needs at least two.
  public var usesGroupBaseline: Bool { self != .raw }

  /// The advantages of one group; exactly 0 for equal rewards if there is a baseline.
  public func advantages(of rewards: [Double]) -> [Double] {
    if self == .raw { return rewards.map { $0 >= 1 ? 1 : -1 } }
    precondition(rewards.count > 1, "a group baseline needs two rollouts")
    guard rewards.contains(where: { $0 != rewards[0] }) else { return rewards.map { _ in 0 } }
    let count = Double(rewards.count)
    let sum = rewards.reduce(0, +)
    switch self {
    case .groupStandardized:
      let deviation = standardDeviation(rewards)
      return rewards.map { ($0 - sum / count) / (deviation + 1e-6) }
    case .leaveOneOut:
      return rewards.map { $0 - (sum - $0) / (count - 1) }
    case .groupCentered, .raw:
      return rewards.map { $0 - sum / count }
    }
  }

  /// The advantages of all rollouts, group after group.
  public func advantages(of groups: [RolloutGroup]) -> [Double] {
    groups.flatMap { advantages(of: $0.rewards) }
  }
}

/// √(Σ (x − mean)² / (n − 1)); exactly 0 for equal values and for a single one.
package func standardDeviation(_ values: [Double]) -> Double {
  guard let first = values.first, values.contains(where: { $0 != first }) else { return 0 }
  let mean = values.reduce(0, +) / Double(values.count)
  let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  return (squares / Double(values.count - 1)).squareRoot()
}
