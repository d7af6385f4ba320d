// The `first-order` control: steps by hand, and what they do to log-probabilities.
import Foundation
import ModelCore
import TestSupport
import Testing

@Suite struct FirstOrderTests {
  private static func measure(
    _ setting: Setting, samples: Int = 3, heldOut: Bool = false
  ) throws -> (BatchOracle, MeasuredFile) {
    let oracle = BatchOracle(setting)
    let subject = Subject(
      oracle.rollouts, heldOut: heldOut ? oracle.renamed : [], oracle.lab.model,
      Request(
        nullContext: setting.nullContext, mean: setting.mean,
        controls: ["first-order", "update"], firstOrderSamples: samples))
    return (oracle, try #require(try subject.measureFile()))
  }

  /// Sums only: the control's own objectives are the same under both reductions (see the last test).
  private static let settings = Setting.all.filter { !$0.mean }

  /// The rollout's tokens that count, after its prompt.
  private static func continuation(_ oracle: BatchOracle, _ index: Int) -> Continuation {
    Continuation(
      context: oracle.rollouts[index].promptTokens,
      response: oracle.rollouts[index].responseTokens)
  }

  /// Σ_t log π of scored tokens after a step, for some rollouts after their prompts.
  private static func sums(_ oracle: BatchOracle, _ members: [Int], after step: [Double])
    -> [Double]
  {
    // log P of a response whose first token does not count is log P(y | x) − log P(y_1 | x).
    let whole = oracle.lab.reference.sums(
      members.map { continuation(oracle, $0) }, after: step)
    guard oracle.setting.firstScored == 1 else { return whole }
    let firsts = oracle.lab.reference.sums(
      members.map { index in
        let one = continuation(oracle, index)
        return Continuation(context: one.context, response: [one.response[0]])
      }, after: step)
    return zip(whole, firsts).map { $0 - $1 }
  }

  /// Compares the changes along a direction at every length.
  ///
  /// - Predicted: the slope is good to 1e-8 of the two gradients' lengths (difference quotients).
  /// - Actual: the step's direction is good to 1e-10, so the change to 1e-10 of its size along any
  ///   direction, plus roundings of log-probabilities near 10: 1e-12 in all.
  private static func expectSteps(
    _ steps: MeasuredSteps, lengths: [Double], direction: [Double], objective: [Double],
    actual: ([Double]) -> Double, collateral: ([Double]) -> Double
  ) {
    let size = norm(direction)
    let slope = dot(direction, objective) / size
    for (place, length) in lengths.enumerated() {
      let what = "\(steps.name), length \(length)"
      expectClose(
        steps.predicted[place], length * slope, absolute: 1e-8 * length * norm(objective),
        "predicted, \(what)")
      let step = direction.map { $0 * length / size }
      let allowed = 1e-12 + 1e-8 * length * norm(objective)
      expectClose(steps.actual[place], actual(step), absolute: allowed, "actual, \(what)")
      // The collateral objective has another gradient; it is of the same order.
      expectClose(
        steps.collateral[place], collateral(step), absolute: 10 * allowed, "collateral, \(what)")
    }
    // The largest length up to which no prediction is off by more than a tenth.
    var radius = 0.0
    for (place, length) in lengths.enumerated() {
      if abs(steps.actual[place] / steps.predicted[place] - 1) > 0.1 { break }
      radius = length
    }
    #expect(steps.radius == radius)
  }

  @Test(arguments: settings)
  func lengthsAreSharesOfTheParametersNorm(setting: Setting) throws {
    let (oracle, file) = try Self.measure(setting, samples: 1)
    let size = oracle.lab.reference.norm
    expectClose(
      file.lengths, (5...16).reversed().map { size * pow(2, -Double($0)) }, relative: 1e-14)
  }

  /// θ + η g_m(y)/|g_m| against log P(y | x): the rollout's own, and the others' per token.
  @Test(arguments: settings)
  func samplesStepAlongTheirOwnGradient(setting: Setting) throws {
    let (oracle, file) = try Self.measure(setting)
    let rollouts = oracle.rollouts
    #expect(
      file.samples.map(\.name) == (0..<3).map { "\(Int(Double($0) * Double(rollouts.count) / 3))" })
    for steps in file.samples {
      let index = try #require(Int(steps.name))
      let response = rollouts[index].responseTokens
      func gradient(_ context: [Int32]) -> [Double] {
        combination(
          oracle.lab.table(context, response).gradients, setting.weights(response.count),
          count: oracle.lab.model.layout.count)
      }
      let others = rollouts.indices.filter {
        Array(rollouts[$0].problemID.utf8) != Array(rollouts[index].problemID.utf8)
      }
      // 16 of them, evenly spaced.
      let some = (0..<16).map { others[Int(Double($0) * Double(others.count) / 16)] }
      func change(_ members: [Int], _ step: [Double]) -> Double {
        zip(
          Self.sums(oracle, members, after: step),
          Self.sums(oracle, members, after: step.map { _ in 0 })
        ).reduce(0) { $0 + $1.0 - $1.1 }
      }
      Self.expectSteps(
        steps, lengths: file.lengths, direction: gradient(setting.nullContext),
        objective: gradient(rollouts[index].promptTokens),
        actual: { change([index], $0) },
        collateral: { change(some, $0) / Double(oracle.tokens(some)) })
    }
  }

  /// θ + η u/|u|, u the mean of a rule's vectors over the first four batches, against
  /// J = Σ A_i log π(y_i | x_i)/N of the other four; with held-out rollouts over all batches, against their J.
  /// And Adam's first step from the first batch.
  @Test(arguments: settings, [false, true])
  func rulesStepFromSomeRolloutsForOthers(setting: Setting, isHeldOut: Bool) throws {
    let (oracle, file) = try Self.measure(setting, samples: 1, heldOut: isHeldOut)
    let batches = oracle.batches(try #require(file.update))
    try #require(batches.allSatisfy { !$0.isEmpty })
    let vectors = oracle.ruleVectors("raw", batches)
    let heldOut = batches[(isHeldOut ? 0 : 4)...].flatMap(\.self).sorted()
    let advantages = heldOut.map { oracle.advantages[$0] ?? .nan }
    let tokens = Double(oracle.tokens(heldOut))
    let start = Self.sums(
      oracle, heldOut, after: Array(repeating: 0, count: oracle.lab.model.layout.count))
    func objective(_ step: [Double]) -> Double {
      let moved = Self.sums(oracle, heldOut, after: step)
      return heldOut.indices.reduce(0) { $0 + advantages[$1] * (moved[$1] - start[$1]) } / tokens
    }
    func collateral(_ step: [Double]) -> Double {
      let moved = Self.sums(oracle, heldOut, after: step)
      return heldOut.indices.reduce(0) { $0 + moved[$1] - start[$1] } / tokens
    }
    let gradient = oracle.vector("C_c", heldOut)
    #expect(file.rules.count == 8)
    for rule in file.rules {
      let own = try #require(vectors[rule.name])
      let used = Array(own[..<(isHeldOut ? 8 : 4)])
      let direction = combination(
        used, used.map { _ in 1 / Double(used.count) }, count: own[0].count)
      Self.expectSteps(
        rule, lengths: file.lengths, direction: direction, objective: gradient, actual: objective,
        collateral: collateral)
    }
    let exact = BatchOracle(setting, backward: true).ruleVectors("step", batches)
    #expect(file.adamSteps.map(\.steps.name) == file.rules.map(\.name))
    for (steps, lengths) in file.adamSteps {
      let own = try #require(exact[steps.name]?[0])
      for (place, rate) in [1e-4, 3e-4, 1e-3].enumerated() {
        let what = "Adam's step of \(steps.name) at \(rate)"
        let step = own.map { rate * $0 }
        expectClose(lengths[place], norm(step), relative: 1e-6, what)
        let allowed = 1e-6 * norm(step) * norm(gradient) + 1e-12
        expectClose(steps.predicted[place], dot(step, gradient), absolute: allowed, what)
        expectClose(steps.actual[place], objective(step), absolute: allowed, what)
        expectClose(
          steps.collateral[place], collateral(step), absolute: 10 * allowed, "collateral, \(what)")
      }
    }
  }

  /// Directions are unit vectors and objectives are sums, so the reduction plays no part.
  @Test func theReductionDoesNotMatter() throws {
    let (_, sum) = try Self.measure(Setting(family: .qwen3Tied, nullContext: [1, 4], mean: false))
    let (_, mean) = try Self.measure(Setting(family: .qwen3Tied, nullContext: [1, 4], mean: true))
    for (one, other) in zip(sum.samples + sum.rules, mean.samples + mean.rules) {
      #expect(one.name == other.name)
      #expect(one.predicted == other.predicted)
      #expect(one.actual == other.actual)
      #expect(one.collateral == other.collateral)
    }
  }
}
