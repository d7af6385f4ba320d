import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct CountdownTaskTests {
  private static let key = RandomKey(seed: 4).derive("problems")

  private static func problem(_ problem: TaskProblem) throws -> CountdownProblem {
    try #require(CountdownProblem(prompt: problem.promptTokens))
  }

  @Test(arguments: CountdownVariant.allCases)
  func problemsOfAStepAreReproducibleAndNoneIsHeldOut(variant: CountdownVariant) throws {
    let task = CountdownTask(variant)
    let problems = task.problems(ofStep: 3, count: 40, key: Self.key)
    #expect(problems == task.problems(ofStep: 3, count: 40, key: Self.key))
    #expect(Array(problems.prefix(7)) == task.problems(ofStep: 3, count: 7, key: Self.key))
    #expect(problems != task.problems(ofStep: 4, count: 40, key: Self.key))
    for problem in problems {
      let countdown = try Self.problem(problem)
      #expect(countdown.split == .train && countdown.variant == variant)
      #expect(problem.cluster == countdown.cluster && problem.answer == String(countdown.target))
      #expect(problem.promptTokens.count == task.longestPrompt)
    }
    let heldOut = task.heldOut(20)
    #expect(Array(heldOut.prefix(5)) == task.heldOut(5))
    #expect(try heldOut.allSatisfy { try Self.problem($0).split == .heldOut })
    #expect(Set(heldOut.map(\.id)).count == 20, "draws are problems of their own")
  }

  @Test func rewardsAndReasonsAreThoseOfTheVerifier() throws {
    let problem = CountdownProblem(numbers: [3, 5, 11], target: 13)
    let asked = try CountdownTask(.three).completed(
      TaskProblem(id: "a", cluster: "a", promptTokens: problem.prompt))
    #expect(asked.cluster == "3-5-11" && asked.answer == "13")
    func found(_ text: String, _ problem: TaskProblem) throws -> Verification? {
      let tokens = try #require(countdownTokens(text))
      // The variant of the task is not that of every problem it judges.
      return try CountdownTask(.five)
        .verify([TaskResponse(problem: problem, tokens: tokens)], shouldStop: { false })[0]
    }
    let right = try #require(try found("Answer 5 + 11 - 3 <eos>", asked))
    #expect(right.outcome == .correct && right.reward == 1)
    #expect(right.extracted == "Answer 5 + 11 - 3 <eos>")
    #expect(try found("Answer 3 + 5 + 11 <eos>", asked)?.outcome == .wrong)
    #expect(try found("Answer 5 + 11 - 3", asked)?.reason == "no end token")
    #expect(
      try found("<eos>", TaskProblem(id: "b", cluster: "b", promptTokens: [1, 2]))?.outcome == nil)
  }

  @Test func whatIsNoProblemIsRefused() {
    #expect(throws: LineFault.self) {
      try CountdownTask(.three).completed(TaskProblem(id: "a", cluster: "a", promptTokens: [1, 3]))
    }
  }

  @Test func statisticsCountMovesAndFalseSteps() throws {
    let problem = CountdownProblem(numbers: [3, 5, 11], target: 13)
    let tokens = try #require(
      countdownTokens(
        "Target 13 . First 3 + 5 = 9 . Then 9 + 11 = 20 no . Alternatively , 5 + 11 = 16 . Then "
          + "16 - 3 = 13 yes . Answer 5 + 11 - 3 <eos>"))
    let response = TaskResponse(
      problem: TaskProblem(id: "a", cluster: "a", promptTokens: problem.prompt), tokens: tokens)
    let statistics = BuiltInTasks.statistics(ofPrompts: [problem.prompt])
    var values: [String: [Double]] = [:]
    for statistic in statistics {
      switch statistic.kind {
      case .mean(let value): values[statistic.name] = [value(response)]
      case .share(let value):
        values[statistic.name] = [value(response).part, value(response).whole]
      case .overall(let value): values[statistic.name] = [value([response])]
      }
    }
    #expect(values["transitions"] == [1] && values["reflections"] == [0])
    #expect(values["false_steps"] == [1, 4])
    // The first attempt has no minus sign; three sums are valid (19, 13, 9), one of them without.
    expectClose(values["expression_skew"] ?? [], [2.0 / 3], absolute: 1e-15)
    #expect(BuiltInTasks.statistics(ofPrompts: [problem.prompt, [1, 2]]).isEmpty)
  }
}
