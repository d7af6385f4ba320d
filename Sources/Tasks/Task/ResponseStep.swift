// The steps of a response, where a task can judge them one by one.

/// A step of a response: some of its tokens, up to an index.
public struct ResponseStep: Sendable, Hashable {
  /// One more than the index of its last token in the response.
  public var end: Int
  /// Whether the step itself is right, whatever the answer.
  public var isRight: Bool
  /// Φ, what the response is worth after this step by the task's own account, in 0...1.
  public var potential: Double

  /// A step.
  public init(end: Int, isRight: Bool, potential: Double) {
    self.end = end
    self.isRight = isRight
    self.potential = potential
  }

  /// Φ of the state before each token: that of the last step that is complete by then, 0 before the
  /// first.
  ///
  /// - Parameter steps: In the order of their ends.
  public static func potentials(_ steps: [ResponseStep], tokenCount: Int) -> [Double] {
    var potentials = [Double](repeating: 0, count: tokenCount)
    for (place, step) in steps.enumerated() {
      let next = place + 1 < steps.count ? steps[place + 1].end : tokenCount
      for token in step.end..<max(step.end, min(next, tokenCount)) {
        potentials[token] = step.potential
      }
    }
    return potentials
  }
}
