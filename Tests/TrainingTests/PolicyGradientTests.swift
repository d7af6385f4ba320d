import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing
import Training

@Suite struct PolicyGradientTests {
  private static let groups = randomGroups(5)
  private static let rolloutCount = 20

  /// Old log-probabilities far enough from the present ones to reach every region of the clip.
  private static func old(_ model: Transformer<Double>, _ objective: PolicyObjective) throws
    -> [[Double]]
  {
    let sums = PolicyGradient(model, rolloutCount: rolloutCount)
    let now = try sums.accumulate(objective, needsGradient: false, threads: 1).logProbabilities
    return now.enumerated().map { index, row in
      zip(row, randomValues(row.count, UInt64(index), scale: 0.4)).map { $0 + $1 }
    }
  }

  @Test(arguments: LossAggregation.allCases, ["grpo", "nsr-prerl"])
  func lossAndGradientDoNotDependOnTheSplit(
    aggregation: LossAggregation, name: String
  ) throws {
    let model = Transformer<Double>.tiny()
    let objective = try algorithm(
      """
      "algorithm": "\(name)", "loss": {"aggregation": "\(aggregation.rawValue)"}
      """
    ).objective(of: Self.groups, step: 1)
    let old = try Self.old(model, objective)
    let whole = PolicyGradient(model, rolloutCount: Self.rolloutCount, chunkSize: 20)
    let expected = try whole.accumulate(objective, old: old, threads: 1)
    #expect(expected.loss != 0)
    for size in [1, 3, 8] {
      let split = PolicyGradient(model, rolloutCount: Self.rolloutCount, chunkSize: size)
      let actual = try split.accumulate(objective, old: old, threads: 2)
      expectClose(actual.loss, expected.loss, relative: 1e-12, "loss")
      expectClose(actual.entropy, expected.entropy, relative: 1e-12, "entropy")
      expectClose(split.values, whole.values, relative: 1e-9, absolute: 1e-13, "gradient")
    }
  }

  @Test(arguments: everyAlgorithm) func gradientsAreThoseOfTheLoss(text: String) throws {
    let model = Transformer<Double>.tiny()
    let objective = try algorithm(text + #", "loss": {"dual_clip": 1.3}"#)
      .objective(of: Self.groups, step: 1)
    let old = try Self.old(model, objective)
    let sums = PolicyGradient(model, rolloutCount: Self.rolloutCount)
    _ = try sums.accumulate(objective, old: old, threads: 1)
    let gradient = sums.values
    #expect(gradient.contains { $0 != 0 })
    let step = 1e-6
    for label in 0..<3 as Range<UInt64> {
      let direction = randomValues(gradient.count, 100 + label)
      func loss(_ move: Double) throws -> Double {
        model.move(direction, by: move)
        defer { model.move(direction, by: -move) }
        return try sums.accumulate(objective, old: old, needsGradient: false, threads: 1).loss
      }
      let numeric = try (loss(step) - loss(-step)) / (2 * step)
      let exact = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      expectClose(exact, numeric, relative: 1e-5, absolute: 1e-8)
    }
  }

  /// With the null context as prompt there is nothing left in which the spaces differ.
  @Test(arguments: [
    ("grpo", "prerl"), ("nsr-rl", "nsr-prerl"), ("psr-rl", "psr-prerl"),
  ])
  func spacesCoincideWhereThePromptIsTheNullContext(post: String, pre: String) throws {
    let model = Transformer<Float>.tiny()
    var groups = Self.groups
    for group in groups.indices {
      for place in groups[group].rollouts.indices {
        groups[group].rollouts[place].prompt = [CountdownVocabulary.bos]
      }
    }
    func run(_ name: String, _ groups: [RolloutGroup]) throws -> ([Double], [Double]) {
      let sums = PolicyGradient(model, rolloutCount: Self.rolloutCount)
      let objective = try algorithm("\"algorithm\": \"\(name)\"").objective(of: groups, step: 1)
      return (try sums.accumulate(objective, threads: 1).losses, sums.values)
    }
    let (postLosses, postGradient) = try run(post, groups)
    let (preLosses, preGradient) = try run(pre, groups)
    #expect(postLosses == preLosses)
    #expect(postGradient == preGradient)
    #expect(try run(post, Self.groups).1 != run(pre, Self.groups).1, "with prompts they differ")
  }

  @Test func oldLogProbabilitiesAreThoseOfTheSpace() throws {
    let model = Transformer<Double>.tiny()
    for (name, isPost) in [("grpo", true), ("prerl", false)] {
      let objective = try algorithm("\"algorithm\": \"\(name)\"")
        .objective(of: Self.groups, step: 1)
      let report = try PolicyGradient(model, rolloutCount: Self.rolloutCount)
        .accumulate(objective, threads: 1)
      for (rollout, logs) in zip(Self.groups.flatMap(\.rollouts), report.logProbabilities) {
        var packed = PackedSequences()
        packed.append(
          ScoredSequence(
            context: isPost ? rollout.prompt : [CountdownVocabulary.bos],
            response: rollout.response))
        expectClose(
          logs, Workspace(model).score(packed).logProbabilities, absolute: 1e-12, name)
      }
    }
  }

  @Test func negativesAloneMakeTheDenominatorOfNegativeSampleReinforcement() throws {
    let objective = try algorithm(#""algorithm": "nsr-prerl""#)
      .objective(of: Self.groups, step: 1)
    let kept = zip(objective.rollouts, objective.advantages).filter { $0.1[0] < 0 }.map(\.0)
    #expect(!kept.isEmpty && kept.allSatisfy { $0.reward == 0 })
    let tokens = kept.reduce(0) { $0 + $1.response.count }
    for (weight, advantage) in zip(objective.tokenWeights, objective.advantages.map { $0[0] }) {
      #expect(weight == (advantage < 0 ? 1 / Double(tokens) : 0))
    }
    let positive = try algorithm(#""algorithm": "psr-prerl""#)
      .objective(of: Self.groups, step: 1)
    #expect(zip(positive.tokenWeights, positive.advantages).allSatisfy { ($0 > 0) == ($1[0] > 0) })
  }

  @Test func theFirstTokenAndTheEndTokenAreScoredUnlessAskedOtherwise() throws {
    let model = Transformer<Double>.tiny()
    func logs(_ loss: String) throws -> [[Double]] {
      let objective = try algorithm(#""algorithm": "prerl", "loss": "# + loss)
        .objective(of: Self.groups, step: 1)
      return try PolicyGradient(model, rolloutCount: Self.rolloutCount)
        .accumulate(objective, threads: 1).logProbabilities
    }
    let responses = Self.groups.flatMap(\.rollouts).map(\.response)
    let all = try logs("{}")
    #expect(all.map(\.count) == responses.map(\.count), "the end token included")
    let without = try logs(#"{"score_first_token": false}"#)
    for (full, rest) in zip(all, without) {
      expectClose(rest, Array(full.dropFirst()), absolute: 1e-12)
    }
    #expect(try logs(#"{"null_context": []}"#).map(\.count) == responses.map { $0.count - 1 })
    #expect(responses.contains { $0.count == 1 }, "one of them has nothing left to score")
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() throws {
    let model = Transformer<Float>.tiny()
    let objective = try algorithm(#""algorithm": "grpo""#).objective(of: Self.groups, step: 1)
    var seen: [[Double]] = []
    for threads in 1...3 {
      let sums = PolicyGradient(model, rolloutCount: Self.rolloutCount, chunkSize: 3)
      _ = try sums.accumulate(objective, threads: threads)
      seen.append(sums.values)
    }
    #expect(seen[0] == seen[1] && seen[0] == seen[2])
  }

  @Test func presentLogProbabilitiesStandForOldOnesToTheBit() throws {
    let model = Transformer<Float>.tiny()
    let objective = try algorithm(#""algorithm": "grpo""#).objective(of: Self.groups, step: 1)
    let sums = PolicyGradient(model, rolloutCount: Self.rolloutCount)
    let first = try sums.accumulate(objective, threads: 1)
    let gradient = sums.values
    let second = try sums.accumulate(objective, old: first.logProbabilities, threads: 1)
    #expect(second.losses == first.losses)
    #expect(sums.values == gradient)
    #expect(second.metrics == [0, 0])
    let moved = first.logProbabilities.map { $0.map { $0 - 1 } }
    #expect(try sums.accumulate(objective, old: moved, threads: 1).metrics[1] > 0)
  }
}
