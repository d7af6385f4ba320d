// Advantages per token from rewards and values (Schulman et al., GAE, 1506.02438).
//
//   δ_t = r_t + γ V_{t+1} − V_t,  V_{T} = 0 after the last token
//   A_t = Σ_k (γλ)^k δ_{t+k} = δ_t + γλ A_{t+1}

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

  /// The advantages of the tokens of one response.
  ///
  /// - Parameters:
  ///   - rewards: r_t, one per token; the reward of an answer is that of its last token.
  ///   - values: V_t, the expected return before token t is chosen, one per token.
  public func advantages(rewards: [Double], values: [Double]) -> [Double] {
    precondition(rewards.count == values.count, "one value a token")
    var advantages = rewards
    var (nextValue, nextAdvantage) = (0.0, 0.0)
    for t in rewards.indices.reversed() {
      let difference = rewards[t] + discount * nextValue - values[t]
      advantages[t] = difference + discount * lambda * nextAdvantage
      (nextValue, nextAdvantage) = (values[t], advantages[t])
    }
    return advantages
  }
}
