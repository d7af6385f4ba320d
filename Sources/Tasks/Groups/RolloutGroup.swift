// What an algorithm learns from: the rollouts of one problem and their rewards.

/// A response sampled from π(· | prompt), with its reward.
///
/// It is sampled with the prompt whatever the algorithm; only what is differentiated differs.
public struct RewardedRollout: Sendable, Hashable {
  public var prompt: [Int32]
  /// The sampled tokens; the end token is among them if it was sampled, and is then scored too.
  public var response: [Int32]
  /// False for a response that ran out of room.
  public var ended: Bool
  /// In 0...1, unless a verifier of the user's gives another number.
  public var reward: Double

  public init(prompt: [Int32], response: [Int32], ended: Bool, reward: Double) {
    self.prompt = prompt
    self.response = response
    self.ended = ended
    self.reward = reward
  }
}

/// The G rollouts of one problem.
public struct RolloutGroup: Sendable, Hashable {
  public var rollouts: [RewardedRollout]
  /// What was drawn to stand before y in the pre-train space; nil where that is always the same.
  public var drawnContext: [Int32]?

  public init(_ rollouts: [RewardedRollout], drawnContext: [Int32]? = nil) {
    self.rollouts = rollouts
    self.drawnContext = drawnContext
  }

  public var rewards: [Double] { rollouts.map(\.reward) }
}
