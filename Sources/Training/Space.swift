// What a response's log-probability is conditioned on while it is differentiated.

/// The two spaces of the paper. Rollouts are sampled with their prompt in both.
public enum Space: String, Sendable, CaseIterable {
  /// log P(y|x): y after its prompt.
  case postTrain = "post-train"
  /// log π(y|n), which the paper calls log P(y): y after the null context.
  case preTrain = "pre-train"
}
