// A response to a problem, before it is judged.

/// A response y with the problem it answers.
public struct TaskResponse: Sendable, Hashable {
  public var problem: TaskProblem
  /// y, including the end token if it was sampled.
  public var tokens: [Int32]
  /// The text of y if a file gives it; with nil it is decoded on demand.
  public var text: String?

  /// A response.
  public init(problem: TaskProblem, tokens: [Int32], text: String? = nil) {
    self.problem = problem
    self.tokens = tokens
    self.text = text
  }

  /// The response of a rollout.
  public init(of rollout: Rollout) {
    self.init(
      problem: TaskProblem(of: rollout), tokens: rollout.responseTokens, text: rollout.response)
  }
}
