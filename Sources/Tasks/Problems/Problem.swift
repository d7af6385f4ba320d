// A question with its reference answer.

/// A problem that rollouts are sampled for.
public struct Problem: Sendable, Equatable {
  /// Names the problem within its file.
  public let id: String
  /// The independent unit of intervals, by default the problem itself.
  public let cluster: String
  /// The prompt.
  public let prompt: Prompt
  /// The reference answer, if there is one.
  public let answer: String?

  /// A problem; `cluster` nil means the problem itself.
  public init(id: String, cluster: String? = nil, prompt: Prompt, answer: String? = nil) {
    self.id = id
    self.cluster = cluster ?? id
    self.prompt = prompt
    self.answer = answer
  }
}
