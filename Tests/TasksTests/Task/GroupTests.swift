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

  // MARK: - Tokens of others, and values after the last token

  @Test func tokensOfOthersChangeNothing() {
    let gae = GeneralizedAdvantage(discount: 1, lambda: 0.5)
    let (rewards, values) = ([0.0, 0, 0, 0, 1], [0.1, 0.2, 0.9, 0.9, 0.4])
    let advantages = gae.advantages(
      rewards: rewards, values: values, isOwn: [true, true, false, false, true])
    expectClose(advantages, [0.35, 0.5, 0, 0, 0.6], absolute: 1e-15)
    expectClose(
      gae.advantages(rewards: [0, 0, 1], values: [0.1, 0.2, 0.4]), [0.35, 0.5, 0.6],
      absolute: 1e-15)
    // What comes back before the agent's next token is earned by the token before it.
    expectClose(
      gae.advantages(
        rewards: [0, 0, 2, 0, 1], values: values, isOwn: [true, true, false, false, true]),
      gae.advantages(rewards: [0, 2, 1], values: [0.1, 0.2, 0.4]).with(zeros: [2, 3]),
      absolute: 1e-15)
  }

  @Test func aValueAfterTheLastTokenIsWhatAContinuedResponseHasThere() {
    let gae = GeneralizedAdvantage(discount: 0.9, lambda: 0.7)
    let (rewards, values) = ([0.1, 0, 0.4, 1], [0.2, 0.5, -0.1, 0.3])
    let whole = gae.advantages(rewards: rewards, values: values)
    // With λ = 0 what is cut off enters by its value alone.
    let short = GeneralizedAdvantage(discount: 0.9, lambda: 0)
    expectClose(
      short.advantages(
        rewards: Array(rewards[..<3]), values: Array(values[..<3]), valueAfterLast: values[3]),
      Array(short.advantages(rewards: rewards, values: values)[..<3]), absolute: 1e-15)
    #expect(
      gae.advantages(
        rewards: Array(rewards[..<3]), values: Array(values[..<3]), valueAfterLast: values[3])[2]
        != whole[2])
  }

  @Test func lengthAdaptiveLambdaIsNeverNegative() {
    func lambda(_ length: Int) -> Double {
      GeneralizedAdvantage.lengthAdaptiveLambda(alpha: 0.05, length: length)
    }
    expectClose(lambda(31), 0.355, absolute: 5e-4)
    #expect(lambda(20) == 0 && lambda(1) == 0 && lambda(10_000) < 1)
  }

  // MARK: - Whitening

  @Test func whiteningIsOverTheTokensThatTakePart() {
    let advantages = [[1.0, 2, 50], [4, 5]]
    let own = [[true, true, false], [true, true]]
    let white = Whitening.shiftAndScale.whitened(advantages, isOwn: own)
    // Mean 3, sum of squares 10, n − 1 = 3.
    let deviation = (10.0 / 3).squareRoot()
    expectClose(
      white.flatMap { $0 }, [-2 / deviation, -1 / deviation, 50, 1 / deviation, 2 / deviation],
      relative: 1e-8)
    expectClose(
      Whitening.scale.whitened(advantages, isOwn: own).flatMap { $0 },
      [1 / deviation, 2 / deviation, 50, 4 / deviation, 5 / deviation], relative: 1e-8)
    #expect(Whitening.none.whitened(advantages, isOwn: own) == advantages)
    #expect(Whitening.shiftAndScale.whitened([[0.1, 0.1], [0.1]]) == [[0, 0], [0]])
    #expect(Whitening.scale.whitened([[0.1, 0.1], [0.1]]) == [[0.1, 0.1], [0.1]])
  }
}

extension [Double] {
  /// The numbers with zeros at some places of the result, ascending.
  fileprivate func with(zeros places: [Int]) -> [Double] {
    var result = self
    for place in places { result.insert(0, at: place) }
    return result
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
