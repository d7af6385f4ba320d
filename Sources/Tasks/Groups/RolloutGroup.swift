// The training data of an algorithm: the rollouts of one problem and their rewards.

/// How a conversation came about.
public struct ConversationRecord: Sendable, Hashable {
  /// Whether its environment was imagined.
  public var isImagined: Bool
  /// Answers that the policy got.
  public var answerCount = 0
  /// Nats by which the models that imagined it disagree, summed over the answers.
  public var disagreement = 0.0
  /// Whether it ended in an answer that the environment cannot give.
  public var isStray = false

  public init(isImagined: Bool) {
    self.isImagined = isImagined
  }
}

/// A response sampled from π(· | prompt), with its reward.
///
/// It is sampled after the prompt under every algorithm. Algorithms differ only in the objective
/// that they differentiate.
public struct RewardedRollout: Sendable, Hashable {
  public var prompt: [Int32]
  /// The sampled tokens, including the end token if it was sampled; it is then scored, too.
  public var response: [Int32]
  /// False for a response that reached the token limit.
  public var ended: Bool
  /// Which tokens of the response the policy chose, where others wrote some of them (`InteractiveTask`); nil
  /// for all. Only these are scored.
  public var isOwn: [Bool]?
  /// How the conversation came about; nil for a response of a single turn.
  public var conversation: ConversationRecord?
  /// The verifier's reward where the policy learns from another; nil where the two are the same.
  public var verified: Double?
  /// What the policy learns from: in the task's `rewardRange`, unless the user's verifier or a reward model gives
  /// another number.
  public var reward: Double

  public init(
    prompt: [Int32], response: [Int32], ended: Bool, reward: Double, isOwn: [Bool]? = nil
  ) {
    precondition(isOwn.map { $0.count == response.count } ?? true, "one flag a token")
    self.prompt = prompt
    self.response = response
    self.ended = ended
    self.reward = reward
    self.isOwn = isOwn
  }

  /// The verifier's reward, whatever the policy learns from.
  public var verifiedReward: Double { verified ?? reward }

  /// Tokens of the response up to the end of each turn: of the policy's tokens with the answer behind them, if there is one.
  package static func turnEnds(_ isOwn: [Bool]?, count: Int) -> [Int] {
    guard let isOwn else { return [count] }
    return isOwn.indices.dropFirst().filter { isOwn[$0] && !isOwn[$0 - 1] } + [count]
  }

  /// The indices of the policy's own tokens in the response, ascending.
  public var ownPlaces: [Int] {
    guard let isOwn else { return Array(response.indices) }
    return isOwn.indices.filter { isOwn[$0] }
  }
}

/// The G rollouts of one problem.
public struct RolloutGroup: Sendable, Hashable {
  public var rollouts: [RewardedRollout]
  /// The context that was drawn for y in pre-train space; nil if the context is the same for all.
  public var drawnContext: [Int32]?

  public init(_ rollouts: [RewardedRollout], drawnContext: [Int32]? = nil) {
    self.rollouts = rollouts
    self.drawnContext = drawnContext
  }

  public var rewards: [Double] { rollouts.map(\.reward) }
}
