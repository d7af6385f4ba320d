// A response and the context that it is scored after; every objective is made of these.

/// A context and the response whose log-probability is computed.
///
/// With the prompt as context this is `log P(y|x)`, with the null context what the paper calls `log
/// P(y)`, and with any other context a control. Any ascending set of response tokens can be scored;
/// usually it is all tokens from some index on.
public struct ScoredSequence: Sendable, Hashable {
  public var context: [Int32]
  public var response: [Int32]
  private let scored: Scored

  private enum Scored: Sendable, Hashable {
    /// All tokens from this index on.
    case from(Int)
    /// Indices into y, ascending.
    case places([Int])
  }

  /// Scores the tokens of the response from one index on. When two contexts are compared, both must
  /// score the same tokens: from index 1 on if either context is empty, since there is then no
  /// prediction of y_1.
  ///
  /// - Parameter firstScored: by default 0, or 1 if the context is empty, in which case it is at
  ///   least 1.
  public init(context: [Int32], response: [Int32], firstScored: Int = 0) {
    self.context = context
    self.response = response
    scored = .from(max(firstScored, context.isEmpty ? 1 : 0))
  }

  /// Scores some tokens of the response.
  ///
  /// - Parameter scored: Indices into the response, ascending, each once. Index 0 after an empty
  ///   context is left out, since no row predicts it.
  public init(context: [Int32], response: [Int32], scored: [Int]) {
    precondition(
      zip(scored, scored.dropFirst()).allSatisfy { $0 < $1 }
        && scored.allSatisfy { response.indices.contains($0) },
      "scored places of a response ascend")
    self.context = context
    self.response = response
    self.scored = .places(context.isEmpty && scored.first == 0 ? Array(scored.dropFirst()) : scored)
  }

  /// Reads the state after the last of some tokens, for a head that does not depend on the next one. The
  /// last token's row is the scored one, and no other token takes part.
  public init(stateAfter tokens: [Int32]) {
    precondition(!tokens.isEmpty, "there is no state before the first token")
    // Some token has to stand in the place of the next one.
    self.init(context: tokens, response: [0])
  }

  /// The indices of the scored tokens in the response, ascending.
  public var scoredPositions: [Int] {
    switch scored {
    case .from(let first): Array(min(first, response.count)..<response.count)
    case .places(let places): places
    }
  }

  /// The index of the first scored token in the response; the response's length if none is scored.
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
