import ModelCore
import RealModule
import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

/// The plain policy gradient with a penalty on the distance from a reference, k3 of Schulman's note
/// (http://joschu.net/blog/kl-approx.html): −A log π + β (e^d − d − 1) with d = log π_ref − log π.
private struct PenalisedLikelihood: PolicyLoss {
  static let metrics = [LossMetric("kl", units: "nat", "estimated divergence from the reference")]
  let usesReference = true
  let movesWithoutAdvantage = true
  var beta = 0.3

  init() {}
  init(for run: RunOutline) {}
  init(reading loss: inout JSONReader, for run: RunOutline) throws(JSONValueError) {
    beta = try loss.optionalDouble("beta", in: 0...10) ?? beta
  }
  var json: JSONObject { ["beta": .real(beta)] }

  func terms(_ tokens: LossTokens) -> LossTerms {
    var terms = LossTerms(metricCount: 1, tokenCount: tokens.weights.count)
    for t in tokens.weights.indices {
      let distance = tokens.reference[t] - tokens.logProbabilities[t]
      let divergence = Double.exp(distance) - distance - 1
      let weight = tokens.weights[t]
      terms.loss += weight * (beta * divergence - tokens.advantages[t] * tokens.logProbabilities[t])
      terms.coefficients.append(
        weight * (beta * (1 - Double.exp(distance)) - tokens.advantages[t]))
      if weight != 0 { terms.sums[0] += divergence }
    }
    return terms
  }
}

@Suite struct LossTests {
  private static let groups = randomGroups(5)
  private static let rolloutCount = 20
  private static var rollouts: [RewardedRollout] { groups.flatMap(\.rollouts) }
  private static let settings = LossSettings(nullContext: .tokens([CountdownVocabulary.bos]))

  /// GAE of random values: advantages that differ from token to token.
  private static let tokenAdvantages = rollouts.enumerated().map { index, rollout in
    let count = rollout.response.count
    return TokenAdvantages.tokens(
      GeneralizedAdvantage(discount: 0.9, lambda: 0.8).advantages(
        rewards: Array(repeating: 0, count: count - 1) + [rollout.reward],
        values: randomValues(count, UInt64(index), scale: 0.5)))
  }

  /// Every third token and the fourth: neither a prefix nor a suffix.
  private static let masks = rollouts.map { rollout in
    rollout.response.indices.map { $0 % 3 == 0 || $0 == 4 }
  }

  private static func pass<Scalar>(
    _ objective: PolicyObjective, _ model: Transformer<Scalar>, old: [[Double]]? = nil,
    reference: [[Double]]? = nil
  ) throws -> (PolicyGradient<Scalar>.Report, [Double]) {
    let sums = PolicyGradient(model, rolloutCount: rolloutCount, chunkSize: 3)
    let report = try sums.accumulate(objective, old: old, reference: reference, threads: 2)
    return (report, sums.values)
  }

  @Test(arguments: Space.allCases) func oneAdvantageARolloutIsTheBroadcastCaseToTheBit(
    space: Space
  ) throws {
    let model = Transformer<Float>.tiny()
    let advantages = AdvantageScheme.groupStandardized.advantages(of: Self.groups)
    let keeping: @Sendable (Double) -> Bool = { $0 < 0 }
    let (own, gradient) = try Self.pass(
      PolicyObjective(
        Self.groups, space: space, advantages: advantages, keeping: keeping, Self.settings), model)
    let spread = zip(advantages, Self.rollouts).map { advantage, rollout in
      TokenAdvantages.tokens(rollout.response.map { _ in advantage })
    }
    let everything = Self.rollouts.map { $0.response.map { _ in true } }
    let (other, otherGradient) = try Self.pass(
      PolicyObjective(
        Self.groups, space: space, tokenAdvantages: spread, masks: everything, keeping: keeping,
        Self.settings), model)
    #expect(gradient.contains { $0 != 0 })
    #expect(own.losses == other.losses && gradient == otherGradient)
    #expect(own.entropy == other.entropy && own.metrics == other.metrics)
  }

  /// With present log-probabilities as old ones the gradient is −w Σ_t A_t ∇ log π_t in closed form.
  @Test func tokenAdvantagesWeighTheirTokensAndMasksLeaveOthersOut() throws {
    let model = Transformer<Double>.tiny()
    let objective = PolicyObjective(
      Self.groups, space: .postTrain, tokenAdvantages: Self.tokenAdvantages, masks: Self.masks,
      keeping: { $0 > -0.2 }, coefficient: 2, Self.settings)
    let (report, gradient) = try Self.pass(objective, model)

    func advantage(_ index: Int, _ place: Int) -> Double {
      let value = Self.tokenAdvantages[index][place]
      return Self.masks[index][place] && value > -0.2 ? value : 0
    }
    let kept = Self.rollouts.indices.reduce(0) { sum, index in
      sum
        + Self.rollouts[index].response.indices.count { place in
          Self.masks[index][place] && Self.tokenAdvantages[index][place] > -0.2
        }
    }
    #expect(objective.keptCounts.reduce(0, +) == kept)
    #expect(kept < Self.rollouts.reduce(0) { $0 + $1.response.count })
    var expected = GradientBuffer<Double>(model.layout)
    var loss = 0.0
    for (index, rollout) in Self.rollouts.enumerated() {
      var packed = PackedSequences()
      packed.append(ScoredSequence(context: rollout.prompt, response: rollout.response))
      let workspace = Workspace(model)
      _ = workspace.score(packed)
      let coefficients = rollout.response.indices.map { -2 / Double(kept) * advantage(index, $0) }
      loss += coefficients.reduce(0, +)
      workspace.accumulateGradient(coefficients: coefficients, into: &expected)
    }
    let values = expected.values.withSpan { span in span.indices.map { span[$0] } }
    expectClose(report.loss, loss, relative: 1e-12, "loss")
    expectClose(gradient, values, relative: 1e-9, absolute: 1e-13, "gradient")
    // What is not scored has no log-probability.
    #expect(
      report.logProbabilities.map(\.count) == Self.masks.map { mask in mask.count { $0 } })
  }

  @Test func aLossOfItsOwnHasItsReferenceItsMetricAndTheRightGradient() throws {
    let model = Transformer<Double>.tiny()
    let settings = LossSettings(nullContext: .tokens([1]), loss: PenalisedLikelihood())
    let objective = PolicyObjective(
      Self.groups, space: .postTrain, tokenAdvantages: Self.tokenAdvantages, masks: Self.masks,
      settings)
    let base = Transformer<Double>.tiny(label: 2)
    let reference = try SequenceScorer(base).tokenLogProbabilities(
      Self.rollouts.indices.map(objective.sequence), threads: 1)
    let (report, gradient) = try Self.pass(objective, model, reference: reference)
    #expect(report.metrics.count == 1 && report.metrics[0] > 0)
    let same = try Self.pass(objective, base, reference: reference).0
    expectClose(same.metrics[0], 0, absolute: 1e-12)
    let direction = randomValues(gradient.count, 77)
    func loss(_ move: Double) throws -> Double {
      model.move(direction, by: move)
      defer { model.move(direction, by: -move) }
      return try Self.pass(objective, model, reference: reference).0.loss
    }
    let numeric = try (loss(1e-6) - loss(-1e-6)) / 2e-6
    let exact = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    expectClose(exact, numeric, relative: 1e-5, absolute: 1e-8)
  }

  @Test func keysOfALossStandBesideThoseOfAllLosses() throws {
    var reader = try JSONReader(JSON.parse(#"{"loss": {"beta": 0.5, "score_first_token": false}}"#))
    let run = RunOutline(steps: 5)
    let settings = try LossSettings(reading: &reader, for: run, PenalisedLikelihood.self)
    #expect((settings.loss as? PenalisedLikelihood)?.beta == 0.5 && !settings.scoresFirstToken)
    #expect(settings.json.objectValue?["beta"] == 0.5)
    var other = try JSONReader(JSON.parse(#"{"loss": {"clip_low": 0.1}}"#))
    #expect(throws: JSONValueError.self) {
      try LossSettings(reading: &other, for: run, PenalisedLikelihood.self)
    }
  }
}
