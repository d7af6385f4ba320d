import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct GroupTests {
  @Test func anotherClustersPromptIsDrawnOrTheRunEndsWithOneLine() throws {
    let task = CountdownTask(.three)
    let own = task.draw(key: RandomKey(seed: 1))
    for label in 0..<50 as Range<UInt64> {
      let drawn = try PromptDraw.mismatched(
        for: own, of: task, key: RandomKey(seed: 2).derive(label))
      #expect(CountdownProblem(prompt: drawn)?.cluster != own.cluster)
    }
    #expect(throws: TaskFileError.self) {
      try PromptDraw.mismatched(for: own, of: OneProblem(problem: own), key: RandomKey(seed: 3))
    }
  }

  /// By hand, with γ = 0.5 and λ = 0.5: δ_2 = 1 − 0.5, δ_1 = 0.5·0.5 − 0.25, δ_0 = 0.5·0.25 − 1.
  @Test func generalizedAdvantagesAreDiscountedSumsOfDifferences() {
    let (rewards, values) = ([0.0, 0, 1], [1.0, 0.25, 0.5])
    let gae = GeneralizedAdvantage(discount: 0.5, lambda: 0.5)
    let differences = [0.125 - 1, 0.25 - 0.25, 1 - 0.5]
    expectClose(
      gae.advantages(rewards: rewards, values: values),
      [
        differences[0] + 0.25 * differences[1] + 0.0625 * differences[2],
        differences[1] + 0.25 * differences[2], differences[2],
      ], absolute: 1e-15)
    // λ = 1 leaves the return less the value, λ = 0 the differences.
    expectClose(
      GeneralizedAdvantage(discount: 1, lambda: 1).advantages(rewards: rewards, values: values),
      values.map { 1 - $0 }, absolute: 1e-15)
    expectClose(
      GeneralizedAdvantage(discount: 0.5, lambda: 0).advantages(rewards: rewards, values: values),
      differences, absolute: 1e-15)
    // Without values and with λ = γ = 1 every token has the response's reward.
    expectClose(
      GeneralizedAdvantage(discount: 1, lambda: 1).advantages(
        rewards: rewards, values: [0, 0, 0]), [1, 1, 1], absolute: 0)
  }
}

/// A task whose every draw is the same.
private struct OneProblem: PolicyTask {
  let problem: TaskProblem
  var longestPrompt: Int { problem.promptTokens.count }
  let documentStart: [Int32] = []
  let ordinaryTokens: [Int32] = [3]

  func draw(key: RandomKey) -> TaskProblem { problem }
  func heldOut(_ count: Int) -> [TaskProblem] { [] }
  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) -> [Verification?] { responses.map { _ in nil } }
}
