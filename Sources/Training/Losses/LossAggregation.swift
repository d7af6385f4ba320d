// How the losses of tokens become one number.

/// The weight of a token. Denominators are those of the whole batch, fixed before anything is
/// scored, so that loss and gradient do not depend on how the batch is cut into micro-batches.
public enum LossAggregation: String, Sendable, CaseIterable {
  /// Every token of the batch alike: 1 / Σ T (DAPO, 2503.14476).
  case tokenMean = "token-mean"
  /// Every response alike, its tokens sharing its weight: 1 / (N T_i) (GRPO).
  case sequenceMeanTokenMean = "seq-mean-token-mean"
  /// Every token alike, but divided by the number of responses: 1 / N (Dr. GRPO without its
  /// constant).
  case sequenceMeanTokenSum = "seq-mean-token-sum"

  /// The weight of each token of response i.
  ///
  /// - Parameter lengths: Scored tokens T_i of the responses that take part, 0 for those that do
  ///   not; those count nowhere and weigh 0.
  public func tokenWeights(lengths: [Int]) -> [Double] {
    let tokens = Double(lengths.reduce(0, +))
    let responses = Double(lengths.count { $0 > 0 })
    return lengths.map { length in
      guard length > 0 else { return 0 }
      return switch self {
      case .tokenMean: 1 / tokens
      case .sequenceMeanTokenMean: 1 / (responses * Double(length))
      case .sequenceMeanTokenSum: 1 / responses
      }
    }
  }
}
