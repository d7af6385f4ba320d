// Advantages beside those of the groups' rewards.
import StrictJSON
import Tasks

/// Advantages that rollouts would have by another estimator or another reward. The update rules with these
/// advantages are compared with RL that has those of the groups' rewards.
public struct OtherAdvantages: Sendable {
  /// Where they come from.
  public enum Source: String, Sendable {
    /// A critic or continuations: each token has its own.
    case tokens
    /// The rewards of a reward model in the place of the rollouts' own.
    case rewardModel = "reward model"

    /// The key of its rules in JSON.
    var key: String {
      switch self {
      case .tokens: "token_rules"
      case .rewardModel: "reward_model_rules"
      }
    }
  }

  /// Where they come from.
  public let source: Source
  /// What they were computed from, for outputs.
  public let settings: JSONObject
  /// One for each response token of each rollout.
  public let values: [[Double]]

  /// Those of a critic, or of continuations.
  ///
  /// - Parameter values: One for each response token of each rollout.
  public init(ofTokens values: [[Double]], settings: JSONObject = [:]) {
    source = .tokens
    self.settings = settings
    self.values = values
  }

  /// A reward model's: each reward less the mean of its problem's, the same for all tokens. Groups of one, which have no
  /// part in updates, have 0.
  ///
  /// - Parameter rewards: One for each rollout.
  public init(of rollouts: [Rollout], rewards: [Double], settings: JSONObject = [:]) {
    source = .rewardModel
    self.settings = settings
    var values = rollouts.map { [Double](repeating: 0, count: $0.responseTokens.count) }
    for members in rollouts.groups where members.count > 1 {
      let advantages = AdvantageScheme.groupCentered.advantages(of: members.map { rewards[$0] })
      for (member, advantage) in zip(members, advantages) {
        values[member] = values[member].map { _ in advantage }
      }
    }
    self.values = values
  }
}

extension [Rollout] {
  /// The rollouts of each problem. Names are compared by their bytes; the order of groups is that of their first rollouts.
  var groups: [[Int]] {
    var order: [[UInt8]] = []
    var members: [[UInt8]: [Int]] = [:]
    for (index, rollout) in enumerated() {
      let name = [UInt8](rollout.problemID.utf8)
      if members[name] == nil { order.append(name) }
      members[name, default: []].append(index)
    }
    return order.compactMap { members[$0] }
  }
}
