// One response of a model to a prompt, with its reward.

/// A sampled response y to a prompt x, in tokens, with text, reward and answer if they are known.
public struct Rollout: Sendable, Hashable {
  /// Names the rollout within its file.
  public var id: String
  /// Names the problem; the rollouts of one problem form a group.
  public var problemID: String
  /// Names the independent unit of intervals, by default the problem.
  public var cluster: String
  /// x, not empty.
  public var promptTokens: [Int32]
  /// y, not empty; it includes the end-of-sequence token if that was sampled.
  public var responseTokens: [Int32]
  /// The text of x, where it is known.
  public var prompt: String?
  /// The text of y, where it is known.
  public var response: String?
  /// The reward, where there is one.
  public var reward: Double?
  /// The reference answer, where there is one.
  public var answer: String?
  /// Other keys of its line whose values are numbers, such as those of several reward functions. Empty
  /// where there is a reward.
  public var otherNumbers: [String]

  /// A rollout; `cluster` nil means the problem.
  public init(
    id: String, problemID: String, cluster: String? = nil, promptTokens: [Int32],
    responseTokens: [Int32], prompt: String? = nil, response: String? = nil,
    reward: Double? = nil, answer: String? = nil, otherNumbers: [String] = []
  ) {
    self.id = id
    self.problemID = problemID
    self.cluster = cluster ?? problemID
    self.promptTokens = promptTokens
    self.responseTokens = responseTokens
    self.prompt = prompt
    self.response = response
    self.reward = reward
    self.answer = answer
    self.otherNumbers = otherNumbers
  }
}
