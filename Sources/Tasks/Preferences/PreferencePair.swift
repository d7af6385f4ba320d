// Two responses to one prompt, of which one is better.

/// A comparison of two responses in tokens, from which a reward model learns.
public struct PreferencePair: Sendable, Hashable {
  /// Names the pair within its file.
  public var id: String
  /// Names the independent unit of intervals, by default the problem.
  public var cluster: String
  /// x, not empty.
  public var promptTokens: [Int32]
  /// The better response, not empty.
  public var chosenTokens: [Int32]
  /// The other one, not empty.
  public var rejectedTokens: [Int32]
  /// By how much the reward of the better one should be larger, where the file says it.
  public var margin: Double?
  /// Whether neither is better.
  public var isTie: Bool

  /// A pair.
  public init(
    id: String, cluster: String, promptTokens: [Int32], chosenTokens: [Int32],
    rejectedTokens: [Int32], margin: Double? = nil, isTie: Bool = false
  ) {
    self.id = id
    self.cluster = cluster
    self.promptTokens = promptTokens
    self.chosenTokens = chosenTokens
    self.rejectedTokens = rejectedTokens
    self.margin = margin
    self.isTie = isTie
  }

  /// What a reward model reads: prompt and better response, prompt and other response.
  public var sequences: (chosen: [Int32], rejected: [Int32]) {
    (promptTokens + chosenTokens, promptTokens + rejectedTokens)
  }

  /// The pair with the responses in each other's place, as a wrong label has them.
  public var flipped: PreferencePair {
    var pair = self
    swap(&pair.chosenTokens, &pair.rejectedTokens)
    return pair
  }
}
