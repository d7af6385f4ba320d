// Where rewards come from.
import KeyedRandom

/// The verifier's verdicts, or the same ones dealt out to the wrong responses.
public enum RewardSource: String, Sendable, CaseIterable {
  /// Each response has its own reward.
  case verified
  /// Rewards change places within each group: difficulty and counts stay, what they say about a
  /// response does not.
  case shuffled

  /// The rewards of a group as learning sees them.
  package func rewards(_ verified: [Double], key: RandomKey) -> [Double] {
    guard self == .shuffled else { return verified }
    var rewards = verified
    var generator = key.generator()
    generator.shuffle(&rewards)
    return rewards
  }
}
