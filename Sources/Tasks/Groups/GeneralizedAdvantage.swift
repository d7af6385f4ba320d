// Advantages per token from rewards and values (Schulman et al., GAE, 1506.02438).
//
//   δ_t = r_t + γ V_{t+1} − V_t,  V_T = 0 after a response that ended
//   A_t = Σ_k (γλ)^k δ_{t+k} = δ_t + γλ A_{t+1}
//
// t counts the agent's own tokens. Tokens of others are part of the environment: V and A are carried
// across them, so that they change nothing.

/// The settings of generalized advantage estimation.
public struct GeneralizedAdvantage: Sendable, Hashable {
  /// γ, in 0...1.
  public var discount: Double
  /// λ, in 0...1: 0 gives δ_t alone, 1 the discounted sum of rewards minus the value.
  public var lambda: Double

  public init(discount: Double = 1, lambda: Double = 0.95) {
    self.discount = discount
    self.lambda = lambda
  }

  /// λ = 1 − 1/(α l) for a response of l tokens, so that the horizon of the advantage grows with the
  /// response (Yue et al., VAPO, 2504.05118). It is 0 where the formula is negative, l < 1/α.
  public static func lengthAdaptiveLambda(alpha: Double, length: Int) -> Double {
    max(0, 1 - 1 / (alpha * Double(length)))
  }

  /// The advantages of the tokens of one response.
  ///
  /// - Parameters:
  ///   - rewards: r_t, one per token; the reward of an answer is that of its last token. A reward of a
  ///     token that is not the agent's counts for the agent's token before it.
  ///   - values: V_t, the expected return before token t is chosen, one per token.
  ///   - isOwn: Which tokens the agent chose; nil for all of them. The others have advantage 0.
  ///   - valueAfterLast: V_T, the expected return after the last token: 0 where the response ended.
  public func advantages(
    rewards: [Double], values: [Double], isOwn: [Bool]? = nil, valueAfterLast: Double = 0
  ) -> [Double] {
    precondition(rewards.count == values.count, "one value a token")
    precondition(isOwn.map { $0.count == rewards.count } ?? true, "one flag a token")
    var advantages = [Double](repeating: 0, count: rewards.count)
    var (nextValue, nextAdvantage) = (valueAfterLast, 0.0)
    var rewardOfOthers = 0.0
    for t in rewards.indices.reversed() {
      guard isOwn?[t] ?? true else {
        rewardOfOthers += rewards[t]
        continue
      }
      let reward = rewards[t] + rewardOfOthers
      let difference = reward + discount * nextValue - values[t]
      advantages[t] = difference + discount * lambda * nextAdvantage
      (nextValue, nextAdvantage) = (values[t], advantages[t])
      rewardOfOthers = 0
    }
    return advantages
  }
}
