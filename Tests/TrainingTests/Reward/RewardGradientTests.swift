import ModelCore
import Tasks
import TestSupport
import Testing
import Training

/// Loss and gradient of a batch of pairs through head and layers.
@Suite struct RewardGradientTests {
  private static let loss = BradleyTerry(margin: 0.2, centering: 0.05)

  private static func values<Scalar: ModelScalar>(_ gradient: RewardGradient<Scalar>) -> [Scalar] {
    gradient.gradient.values.withSpan { span in span.indices.map { span[$0] } }
  }

  /// Along a random direction of every parameter.
  @Test func theGradientIsTheSlope() throws {
    let pairs = randomPairs(11)
    let model = Transformer<Double>.tinyReward()
    let gradient = RewardGradient(model, pairCount: pairs.count, chunkSize: 4)
    func value() throws -> Double { try gradient.accumulate(pairs, Self.loss, threads: 1).loss }
    _ = try value()
    let slopes = Self.values(gradient)
    for (index, parameter) in model.layout.parameters.enumerated() {
      var direction = [Double](repeating: 0, count: slopes.count)
      for (place, value) in zip(parameter.range, randomValues(parameter.count, UInt64(index))) {
        direction[place] = value / Double(parameter.count).squareRoot()
      }
      let step = 1e-4
      model.move(direction, by: step)
      let above = try value()
      model.move(direction, by: -2 * step)
      let below = try value()
      model.move(direction, by: step)
      let expected = zip(slopes, direction).reduce(0) { $0 + $1.0 * $1.1 }
      expectClose((above - below) / (2 * step), expected, absolute: 2e-6, parameter.name)
      #expect(parameter.range.contains { slopes[$0] != 0 }, "\(parameter.name) has a gradient")
    }
  }

  /// The mean over pairs, whatever the chunks; the same bits on any number of threads.
  @Test func chunksAndThreadsChangeNothing() throws {
    let pairs = randomPairs(19)
    let double = Transformer<Double>.tinyReward()
    let whole = RewardGradient(double, pairCount: 19, chunkSize: 19)
    let parts = RewardGradient(double, pairCount: 19, chunkSize: 3)
    let first = try whole.accumulate(pairs, Self.loss, threads: 1)
    let second = try parts.accumulate(pairs, Self.loss, threads: 2)
    expectClose(second.chosen, first.chosen, absolute: 1e-12)
    expectClose(second.rejected, first.rejected, absolute: 1e-12)
    expectClose(second.loss, first.loss, absolute: 1e-12)
    expectClose(Self.values(parts), Self.values(whole), absolute: 1e-12)
    expectClose(first.loss, first.losses.reduce(0, +) / 19, absolute: 1e-15)

    let single = RewardGradient(Transformer<Float>.tinyReward(), pairCount: 19)
    let alone = try single.accumulate(pairs, Self.loss, threads: 1)
    let bits = Self.values(single)
    let together = try single.accumulate(pairs, Self.loss, threads: 3)
    #expect(together.losses == alone.losses && together.chosen == alone.chosen)
    #expect(Self.values(single) == bits)
  }

  /// The rewards of the pass are those of a reward model that scores the same sequences.
  @Test func rewardsAreThoseOfTheModel() throws {
    let pairs = randomPairs(9)
    let model = Transformer<Float>.tinyReward()
    let report = try RewardGradient(model, pairCount: 9).accumulate(pairs, Self.loss, threads: 1)
    let scorer = RewardModel(model)
    expectClose(
      report.chosen, try scorer.rewards(after: pairs.map(\.sequences.chosen), threads: 2),
      absolute: 1e-5)
    expectClose(
      report.rejected, try scorer.rewards(after: pairs.map(\.sequences.rejected), threads: 2),
      absolute: 1e-5)
    let rollouts = pairs.map {
      Rollout(
        id: $0.id, problemID: $0.id, promptTokens: $0.promptTokens,
        responseTokens: $0.chosenTokens)
    }
    expectClose(
      try scorer.rewards(of: rollouts, from: .file("a"), threads: 1), report.chosen, absolute: 1e-5)
    let long = Rollout(
      id: "l", problemID: "l", promptTokens: [1], responseTokens: Array(repeating: 3, count: 128))
    let error = #expect(throws: TaskFileError.self) {
      _ = try scorer.rewards(of: rollouts + [long], from: .file("a"), threads: 1)
    }
    #expect(
      error?.description
        == "a:10: 129 tokens of prompt and response (expected 1 to 128, the reward model's positions)"
    )
  }

  @Test func nothingButTiesOfEqualResponsesTeachesNothing() throws {
    let pair = PreferencePair(
      id: "a", cluster: "a", promptTokens: [1], chosenTokens: [5, 6], rejectedTokens: [5, 6],
      isTie: true)
    let gradient = RewardGradient(Transformer<Double>.tinyReward(), pairCount: 1)
    _ = try gradient.accumulate([pair], BradleyTerry(margin: 3), threads: 1)
    #expect(Self.values(gradient).allSatisfy { abs($0) < 1e-15 })
  }
}
