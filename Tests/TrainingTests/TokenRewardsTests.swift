import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

@Suite struct TokenRewardsTests {
  private static func rewards(_ keys: String) throws -> TokenRewards {
    let settings = try algorithm(#""algorithm": "ppo""# + keys) as? PPO
    return try #require(settings).rewards
  }

  private static let rollout = RewardedRollout(
    prompt: [1], response: [5, 6, 7, 2], ended: true, reward: 1)
  private static let cutOff = RewardedRollout(
    prompt: [1], response: [5, 6, 7, 8], ended: false, reward: 0)
  private static let steps = [
    ResponseStep(end: 1, isRight: true, potential: 0),
    ResponseStep(end: 3, isRight: true, potential: 1),
  ]

  @Test func theScoreIsEarnedByTheLastToken() throws {
    let plain = try Self.rewards("").rewards(
      of: Self.rollout, logRatios: [], steps: nil, discount: 1)
    #expect(plain == [0, 0, 0, 1])
    let penalized = try Self.rewards(#", "kl_coef": 0.5, "kl_estimator": "k1""#).rewards(
      of: Self.rollout, logRatios: [1, -2, 0, 0.5], steps: nil, discount: 1)
    expectClose(penalized, [-0.5, 1, 0, 0.75], absolute: 1e-15)
  }

  @Test func aResponseThatRanOutOfRoomCanCost() throws {
    let penalty = try Self.rewards(#", "truncation": "penalty", "missing_eos_penalty": 0.7"#)
    #expect(penalty.score(of: Self.cutOff) == -0.7 && penalty.score(of: Self.rollout) == 1)
    #expect(try Self.rewards("").score(of: Self.cutOff) == 0)
    let limited = try Self.rewards(
      #", "truncation": "penalty", "missing_eos_penalty": 7, "reward": {"clip": 2}"#)
    #expect(limited.score(of: Self.cutOff) == -2)
  }

  @Test func stepsAddWhatTheyEarn() throws {
    let keys = #", "reward": {"placement": "step", "step_weight": 0.25}"#
    #expect(
      try Self.rewards(keys).rewards(
        of: Self.rollout, logRatios: [], steps: Self.steps, discount: 1) == [0.25, 0, 0.25, 1])
  }

  @Test(arguments: [1, 0.9]) func shapingAddsNothingToTheReturn(discount: Double) throws {
    let keys = #", "reward": {"placement": "potential", "step_weight": 0.5}"#
    let shaped = try Self.rewards(keys).rewards(
      of: Self.rollout, logRatios: [], steps: Self.steps, discount: discount)
    // Φ before the tokens is 0, 0, 0, 1, and 0 behind the last one.
    expectClose(shaped, [0, 0, 0.5 * discount, 1 - 0.5], absolute: 1e-15)
    func discounted(_ rewards: [Double]) -> Double {
      rewards.reversed().reduce(0) { $0 * discount + $1 }
    }
    expectClose(discounted(shaped), discounted([0, 0, 0, 1]), absolute: 1e-15)
  }

  @Test func aResponseThatIsBootstrappedKeepsItsPotential() throws {
    func last(_ truncation: String) throws -> Double {
      let keys =
        #", "truncation": "\#(truncation)", "reward": {"placement": "potential", "step_weight": 0.5}"#
      return try Self.rewards(keys).rewards(
        of: Self.cutOff, logRatios: [], steps: Self.steps, discount: 1)[3]
    }
    // Φ is 1 before and behind the last token.
    #expect(try last("terminal") == -0.5 && last("bootstrap") == 0)
  }

  /// A potential that knew what comes next would not be one.
  @Test func potentialsDependOnTheTokensSoFar() throws {
    let task = CountdownTask(.three)
    let corpus = CountdownCorpus(key: .init(seed: 4))
    var solved = 0
    for index in 0..<60 {
      let document = corpus.document(index)
      let response = TaskResponse(
        problem: TaskProblem(
          id: "p", cluster: document.problem.cluster, promptTokens: document.problem.prompt),
        tokens: document.response)
      let steps = try #require(task.steps(of: response))
      let whole = ResponseStep.potentials(steps, tokenCount: response.tokens.count)
      solved += whole.contains(1) ? 1 : 0
      for end in stride(from: 1, to: response.tokens.count, by: 3) {
        var short = response
        short.tokens = Array(response.tokens[..<end])
        let part = ResponseStep.potentials(try #require(task.steps(of: short)), tokenCount: end)
        #expect(part == Array(whole[..<end]))
      }
    }
    #expect(solved > 5)
  }
}
