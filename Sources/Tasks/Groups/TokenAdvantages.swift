// The advantages of one response's tokens.

/// A number for every token of a response y.
public enum TokenAdvantages: Sendable, Hashable {
  /// The same for all tokens: the advantage of the rollout.
  case rollout(Double)
  /// One for each token of y, whether it is scored or not.
  case tokens([Double])

  /// The advantage of the token at an index of y, from 0.
  public subscript(place: Int) -> Double {
    switch self {
    case .rollout(let advantage): advantage
    case .tokens(let advantages): advantages[place]
    }
  }
}
