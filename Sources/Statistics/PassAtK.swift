// Pass@k and Avg@k of one problem's rollouts.

/// The success of k samples of one problem, estimated from n ≥ k rollouts.
public enum PassAtK {
  /// The unbiased estimate of the probability that at least one of k samples is right: 1 − C(n−c,
  /// k)/C(n, k), as the product of 1 − k/i over n−c < i ≤ n, which cannot overflow (Chen et al.,
  /// arXiv 2107.03374). NaN where k exceeds n.
  /// - Parameters:
  ///   - right: c, the right ones among the rollouts.
  ///   - rollouts: n.
  ///   - k: the number of tries.
  public static func pass(right: Int, rollouts: Int, k: Int) -> Double {
    precondition(k > 0 && right >= 0 && right <= rollouts, "0 <= right <= rollouts, k > 0")
    if k > rollouts { return .nan }
    if rollouts - right < k { return 1 }
    var allWrong = 1.0
    for i in stride(from: rollouts - right + 1, through: rollouts, by: 1) {
      allWrong *= 1 - Double(k) / Double(i)
    }
    return 1 - allWrong
  }

  /// Avg@k: the mean reward of k rollouts, averaged over every choice of k among the n, which is
  /// the mean of all n. NaN where k exceeds n.
  public static func average(rewards: [Double], k: Int) -> Double {
    precondition(k > 0, "Avg@k needs a positive k")
    return k > rewards.count ? .nan : rewards.reduce(0, +) / Double(rewards.count)
  }
}
