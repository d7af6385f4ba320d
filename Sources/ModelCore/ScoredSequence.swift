// A response and what it is scored after: the object of every objective.

/// A context and the response whose log-probability is asked for.
///
/// With the prompt as context it stands for `log P(y|x)`; with the null context for what the paper
/// calls `log P(y)`; any other context gives a control. Any ascending set of response tokens can be
/// scored; the usual ones are all tokens from some place on.
public struct ScoredSequence: Sendable, Hashable {
  public var context: [Int32]
  public var response: [Int32]
  private let scored: Scored

  private enum Scored: Sendable, Hashable {
    /// All tokens from this place on.
    case from(Int)
    /// Places of y, ascending.
    case places([Int])
  }

  /// Scores the tokens of the response from one place on. Where two contexts are compared, both score
  /// the same tokens: 1 when either context is empty, since y_1 then has no prediction.
  ///
  /// - Parameter firstScored: 0 unless the context is empty; then, and at least, 1.
  public init(context: [Int32], response: [Int32], firstScored: Int = 0) {
    self.context = context
    self.response = response
    scored = .from(max(firstScored, context.isEmpty ? 1 : 0))
  }

  /// Scores some tokens of the response.
  ///
  /// - Parameter scored: Places in the response, ascending, each once. Place 0 after an empty context
  ///   is left out: no row predicts it.
  public init(context: [Int32], response: [Int32], scored: [Int]) {
    precondition(
      zip(scored, scored.dropFirst()).allSatisfy { $0 < $1 }
        && scored.allSatisfy { response.indices.contains($0) },
      "scored places of a response ascend")
    self.context = context
    self.response = response
    self.scored = .places(context.isEmpty && scored.first == 0 ? Array(scored.dropFirst()) : scored)
  }

  /// The places of the scored tokens in the response, ascending.
  public var scoredPositions: [Int] {
    switch scored {
    case .from(let first): Array(min(first, response.count)..<response.count)
    case .places(let places): places
    }
  }

  /// The place of the first scored token in the response; its length where none is scored.
  public var firstScored: Int {
    switch scored {
    case .from(let first): first
    case .places(let places): places.first ?? response.count
    }
  }

  /// The number of tokens that are scored, T in the mean log-probability.
  public var scoredCount: Int {
    switch scored {
    case .from(let first): max(0, response.count - first)
    case .places(let places): places.count
    }
  }

  /// The number of tokens that enter the transformer: all before the last scored one.
  public var rowCount: Int {
    switch scored {
    case .from: max(0, context.count + response.count - 1)
    case .places(let places): places.last.map { context.count + $0 } ?? 0
    }
  }
}
