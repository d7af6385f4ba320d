import KeyedRandom
import Statistics
import Tasks
import TestSupport
import Testing
import Training

/// A critic against continuations whose V is known.
@Suite struct StateEvaluationTests {
  private static let responseCount = 300
  private static let stateCount = 5

  /// States with known V, the critic's number for each, and eight continuations that are right with probability V.
  private static func evaluation(
    _ truth: (_ response: Int, _ state: Int) -> Double, error: Double
  ) -> StateEvaluation {
    let key = RandomKey(seed: 7)
    let rollouts = (0..<responseCount).map {
      Rollout(
        id: "r\($0)", problemID: "p\($0)", promptTokens: [1, 3],
        responseTokens: [Int32](repeating: 9, count: stateCount * 2), reward: 0)
    }
    let places = rollouts.map { _ in (0..<stateCount).map { 2 * $0 } }
    let values = rollouts.indices.map { response in
      (0..<2 * stateCount).map { token in truth(response, token / 2) + error }
    }
    let continued = rollouts.indices.map { response in
      (0..<stateCount).map { state -> ContinuationValues.Estimate in
        var generator = key.derive(UInt64(response), UInt64(state)).generator()
        let right = (0..<8).count { _ in generator.uniform() < truth(response, state) }
        let mean = Double(right) / 8
        return ContinuationValues.Estimate(mean: mean, variance: mean * (1 - mean) / 7)
      }
    }
    return StateEvaluation(
      rollouts, values: values, places: places, continued: continued, continuations: 8,
      task: CountdownTask(.three), BootstrapT(key: RandomKey(seed: 0)))
  }

  private static func row(_ evaluation: StateEvaluation, _ name: String) throws -> Interval {
    try #require(evaluation.errors.first { $0.name == name }).interval
  }

  /// V between .2 and .8, another one for each response and state.
  private static func scattered(_ response: Int, _ state: Int) -> Double {
    var generator = RandomKey(seed: 3).derive(UInt64(response), UInt64(state)).generator()
    return 0.2 + 0.6 * generator.uniform()
  }

  @Test func theNoiseOfContinuationsIsNoErrorOfTheCritic() throws {
    let exact = Self.evaluation(Self.scattered, error: 0)
    let error = try Self.row(exact, "critic_error")
    // The plain mean of squares is that noise, V(1 − V)/8.
    let plain =
      exact.states.reduce(0) {
        $0 + ($1.value - $1.continued.mean) * ($1.value - $1.continued.mean)
      }
      / Double(exact.states.count)
    #expect(plain > 0.02 && abs(error.estimate) < 0.002)
    #expect(error.low < 0 && error.high > 0)
    let high = Self.evaluation(Self.scattered, error: 0.3)
    expectClose(try Self.row(high, "critic_error").estimate, 0.09, absolute: 0.005)
    // A uniform number in an interval of .6 has variance .03, and position says nothing of it.
    for name in ["variance", "position_error"] {
      expectClose(try Self.row(high, name).estimate, 0.03, absolute: 0.003)
    }
    #expect(try Self.row(exact, "critic_less_position").high < 0)
    #expect(try Self.row(high, "critic_less_position").low > 0)
    #expect(exact.kinds.map(\.name) == ["start", "elsewhere"])
    #expect(exact.kinds.map(\.count) == [Self.responseCount, 4 * Self.responseCount])
    expectClose(high.kinds[0].bias.estimate, 0.3, absolute: 0.02)
  }

  @Test func aValueOfPositionAloneHasNoErrorOfThatNull() throws {
    let found = Self.evaluation({ 0.1 + 0.2 * Double($1) }, error: 0)
    expectClose(try Self.row(found, "position_error").estimate, 0, absolute: 0.002)
    expectClose(try Self.row(found, "variance").estimate, 0.08, absolute: 0.005)
    // The null leaves out the problem that it is compared with.
    let first = found.states[0]
    let others = found.states.filter { $0.position == 0 && $0.sample > 0 }
    expectClose(
      first.positionValue,
      others.reduce(0) { $0 + $1.continued.mean } / Double(others.count), absolute: 1e-12)
  }
}
