// A response and what it is scored after: the object of every objective.

/// A context and the response whose log-probability is asked for.
///
/// With the prompt as context it stands for `log P(y|x)`; with the null context for what the paper
/// calls `log P(y)`; any other context gives a control.
public struct ScoredSequence: Sendable, Hashable {
  public var context: [Int32]
  public var response: [Int32]
  /// Index of the first response token that is scored. Where two contexts are compared, both score
  /// the same tokens: 1 when either context is empty, since y_1 then has no prediction.
  public var firstScored: Int

  /// - Parameter firstScored: 0 unless the context is empty; then, and at least, 1.
  public init(context: [Int32], response: [Int32], firstScored: Int = 0) {
    self.context = context
    self.response = response
    self.firstScored = max(firstScored, context.isEmpty ? 1 : 0)
  }

  /// The number of tokens that are scored, T in the mean log-probability.
  public var scoredCount: Int { max(0, response.count - firstScored) }

  /// The number of tokens that enter the transformer: the last one predicts nothing.
  public var rowCount: Int { max(0, context.count + response.count - 1) }
}
