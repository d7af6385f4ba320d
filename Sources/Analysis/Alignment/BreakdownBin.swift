// The bins of the `breakdown` control.
import RealModule

/// A part of a rollout's gradient: some of its tokens, rollouts of one reward sign, or all
/// parameters but the embedding.
enum BreakdownBin: Sendable, Equatable {
  case rewardPositive
  case rewardNotPositive
  case position(Range<Int>)
  /// By π(y_t | x, ·).
  case probability(Range<Double>)
  /// By the conditional entropy in nats.
  case entropy(Range<Double>)
  case withoutEmbedding

  /// Bins of one kind are disjoint and cover every token, so their gradients add up to the whole.
  static let allCases: [BreakdownBin] =
    [.rewardPositive, .rewardNotPositive]
    + [0..<3, 3..<8, 8..<16, 16..<Int.max].map { .position($0) }
    + zip([0, 0.1, 0.5, 0.9], [0.1, 0.5, 0.9, .infinity]).map { .probability($0..<$1) }
    + zip([-Double.infinity, 0.01, 0.1, 0.5, 1], [0.01, 0.1, 0.5, 1, .infinity]).map {
      .entropy($0..<$1)
    }
    + [.withoutEmbedding]

  var name: String {
    switch self {
    case .rewardPositive: "reward > 0"
    case .rewardNotPositive: "reward <= 0"
    case .position(let range):
      range.upperBound == .max
        ? "position \(range.lowerBound)+" : "position \(range.lowerBound)-\(range.upperBound - 1)"
    case .probability(let range):
      range.upperBound == .infinity
        ? "probability \(range.lowerBound)-1"
        : "probability \(range.lowerBound)-\(range.upperBound)"
    case .entropy(let range):
      range.lowerBound == -.infinity
        ? "entropy < \(range.upperBound)"
        : range.upperBound == .infinity
          ? "entropy >= \(range.lowerBound)"
          : "entropy \(range.lowerBound)-\(range.upperBound)"
    case .withoutEmbedding: "without embedding"
    }
  }

  var title: String {
    switch self {
    case .rewardPositive, .rewardNotPositive: "rollouts with \(name)"
    case .position, .probability, .entropy: "tokens with \(name)"
    case .withoutEmbedding: "all parameters but the embedding"
    }
  }

  /// Whether a token belongs to a token bin; nil for the other kinds.
  func contains(position: Int, logConditional: Double, entropyConditional: Double) -> Bool? {
    switch self {
    case .position(let range): range.contains(position)
    case .probability(let range): range.contains(Double.exp(logConditional))
    case .entropy(let range): range.contains(entropyConditional)
    case .rewardPositive, .rewardNotPositive, .withoutEmbedding: nil
    }
  }
}
