import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing
import Training

/// Policies that learn from reward models, with the verifier beside.
@Suite struct RewardEnsembleTests {
  private static func rewardModel(_ label: UInt64) -> RewardModel {
    var shape = Transformer<Float>.tiny().configuration
    shape.head = .reward
    let model = Transformer<Float>(shape)
    model.initialize(RandomKey(seed: label))
    return RewardModel(model)
  }

  private static func run(
    _ models: [RewardModel], _ rule: RewardEnsemble.Rule = .mean, threads: Int = 1
  ) throws -> PolicyTraining {
    let settings = try configuration(
      """
      "algorithm": "grpo", "steps": 3, "problems_per_step": 4, "rollouts_per_problem": 3,
      "max_new_tokens": 12, "optimizer": {"learning_rate": 0.05}
      """)
    return PolicyTraining(
      settings, task: CountdownTask(.three), model: .tiny(),
      rewardModels: RewardEnsemble(models, rule: rule, threads: threads), threads: threads)
  }

  @Test func thePolicyLearnsFromTheModelAndTheVerifierLooksOn() throws {
    let model = Self.rewardModel(1)
    let run = try Self.run([model])
    let groups = try run.sample(run.problems(ofStep: 1), step: 1)
    let rollouts = groups.flatMap(\.rollouts)
    let expected = try model.rewards(
      after: rollouts.map { $0.prompt + $0.response }, threads: 2)
    #expect(rollouts.map(\.reward) == expected && Set(expected).count > 3)
    #expect(rollouts.allSatisfy { $0.verified == 0 && $0.verifiedReward == 0 })
    let metrics = try run.advance()
    expectClose(
      try #require(metrics["reward"]), expected.reduce(0, +) / Double(expected.count),
      absolute: 1e-12)
    #expect(metrics["accuracy"] == 0 && metrics["rewards/verifier/mean"] == 0)
    // All answers are wrong: without the model there would be nothing to learn.
    #expect(run.model.values != Transformer<Float>.tiny().values)
  }

  @Test func anEnsembleHasTheMeanOrTheSmallestReward() throws {
    let models = (1...3).map { Self.rewardModel($0) }
    func rewards(_ run: PolicyTraining) throws -> [Double] {
      try run.sample(run.problems(ofStep: 1), step: 1).flatMap(\.rollouts).map(\.reward)
    }
    let single = try models.map { try rewards(Self.run([$0])) }
    let mean = single[0].indices.map { place in
      single.reduce(0) { $0 + $1[place] } / 3
    }
    let least = single[0].indices.map { place in single.map { $0[place] }.min() ?? .nan }
    expectClose(try rewards(Self.run(models)), mean, absolute: 1e-12)
    #expect(try rewards(Self.run(models, .minimum)) == least)
  }

  @Test func turnsAreJudgedOneByOne() throws {
    let shape = Transformer<Float>.tinyDesk().configuration
    var own = shape
    own.head = .reward
    let scorer = Transformer<Float>(own)
    scorer.initialize(RandomKey(seed: 4))
    let model = RewardModel(scorer)
    let corpus = DeskTask().corpus(.train)
    var turnCounts: Set<Int> = []
    for index in 0..<20 {
      let transcript = corpus.document(index).transcript
      let authored = transcript.authored
      let start = (authored.firstIndex { $0.token == DeskVocabulary.assistant } ?? 0) + 1
      let response = (
        prompt: authored[..<start].map(\.token), tokens: authored[start...].map(\.token),
        isOwn: authored[start...].map { $0.author == .assistant }
      )
      func rewards(_ unit: RewardEnsemble.Unit) throws -> [Double] {
        try RewardEnsemble([model], unit: unit, threads: 1).rewards(of: [response, response])
      }
      // A turn ends behind the role that follows the user's answer, or with the dialogue.
      var part = DeskTranscript(stock: transcript.stock, opening: transcript.opening)
      let ends = transcript.turns.map { turn in
        part.append(turn)
        return part.tokens.count + (part.isOver ? 0 : 1)
      }
      turnCounts.insert(ends.count)
      let parts = try model.rewards(
        after: ends.map { authored[..<$0].map(\.token) }, threads: 1)
      expectClose(try rewards(.turn), [1, 1].map { $0 * parts.reduce(0, +) }, absolute: 1e-6)
      expectClose(try rewards(.response)[0], try #require(parts.last), absolute: 1e-6)
    }
    #expect(turnCounts.count > 2, "some dialogues have more turns")
  }

  @Test func sameBitsOnAnyNumberOfThreads() throws {
    let one = try Self.run([Self.rewardModel(1), Self.rewardModel(2)])
    let three = try Self.run([Self.rewardModel(1), Self.rewardModel(2)], threads: 3)
    for _ in 0..<2 { #expect(try one.advance().values == three.advance().values) }
    #expect(one.model.values == three.model.values)
  }

  @Test func modelsThatCannotReadTheResponsesAreRefused() throws {
    let ensemble = RewardEnsemble([Self.rewardModel(1)], threads: 1)
    var policy = Transformer<Float>.tiny().configuration
    #expect(ensemble.obstacle(policy, longest: 128) == nil)
    #expect(ensemble.obstacle(policy, longest: 129) != nil)
    policy.vocabularySize += 1
    #expect(ensemble.obstacle(policy, longest: 10) != nil)
  }
}
