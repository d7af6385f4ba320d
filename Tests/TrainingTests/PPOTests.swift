import KeyedRandom
import ModelCore
import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

/// Runs of PPO on tiny random policies. Their answers are all wrong, so that what they can learn is that
/// responses which run out of room cost something.
@Suite struct PPOTests {
  private static let members = """
    "algorithm": "ppo", "steps": 8, "problems_per_step": 6, "rollouts_per_problem": 3,
    "max_new_tokens": 12, "truncation": "penalty", "optimizer": {"learning_rate": 0.01}
    """

  private static func run(_ more: String = "", threads: Int = 1) throws -> PolicyTraining {
    let settings = try configuration(members + more)
    let task = try settings.task.open(
      for: TinyPlayer(), folder: ".", maximumNewTokens: settings.maximumNewTokens)
    return PolicyTraining(
      settings, task: task, model: .tiny(),
      reference: settings.algorithm.usesReference ? .tiny() : nil, threads: threads)
  }

  private static let variants = [
    "", #", "critic": {"trunk": "shared", "init": "normal"}"#,
    #", "critic": {"trunk": "detached"}, "whiten": "scale""#,
    #", "minibatches": 3, "updates_per_batch": 2, "kl_coef": 0.1"#,
    #", "space": "pre-train", "minibatches": 2, "loss": {"kl_coef": 0.1, "kl_estimator": "k3"}"#,
    #", "advantages": "rloo", "whiten": "shift-scale""#,
    #", "advantages": "mc", "continuations": 2"#,
    #", "reward": {"placement": "step"}, "length_adaptive_alpha": 0.2, "lam_critic": 1"#,
  ]

  @Test(arguments: variants + [#", "preset": "trl""#]) func sameBitsOnAnyNumberOfThreads(
    variant: String
  ) throws {
    let one = try Self.run(variant)
    let three = try Self.run(variant, threads: 3)
    for _ in 0..<2 {
      let (a, b) = (try one.advance(), try three.advance())
      #expect(a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    #expect(one.model.values == three.model.values)
    #expect(one.model.values != Transformer<Float>.tiny().values)
  }

  @Test(arguments: variants) func aRestoredRunGoesOnToTheBit(variant: String) throws {
    try withTemporaryDirectory { folder in
      let whole = try Self.run(variant)
      for _ in 0..<2 { _ = try whole.advance() }
      try whole.model.save(directory: folder)
      try whole.saveOptimizer(to: folder + "/optimizer.safetensors")
      try whole.saveCritic?(folder + "/critic")
      let resumed = PolicyTraining(
        whole.configuration, task: whole.task, model: try Transformer(directory: folder),
        reference: whole.configuration.algorithm.usesReference ? .tiny() : nil, threads: 2)
      try resumed.restore(
        optimizer: folder + "/optimizer.safetensors", step: whole.step,
        tokenCount: whole.tokenCount)
      try resumed.restoreCritic(from: folder + "/critic")
      let (a, b) = (try whole.advance(), try resumed.advance())
      #expect(a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) })
      #expect(whole.model.values == resumed.model.values)
    }
  }

  @Test(arguments: variants + ["trl", "openrlhf", "verl", "vapo"].map { #", "preset": "\#($0)""# })
  func aResolvedConfigurationReadsBackAsItself(variant: String) throws {
    let settings = try configuration(Self.members + variant)
    var reader = try JSONReader(settings.json)
    let again = try PolicyConfiguration(reading: &reader)
    try reader.finish()
    #expect(again.json == settings.json)
  }

  @Test func presetsOfSpacesAndOfCriticsDoNotMix() {
    #expect(throws: JSONValueError.self) {
      try configuration(#""algorithm": "grpo", "steps": 1, "preset": "trl""#)
    }
    #expect(throws: JSONValueError.self) {
      try configuration(#""algorithm": "ppo", "steps": 1, "preset": "paper-code""#)
    }
    for keys in [
      #""advantages": "mc", "kl_coef": 0.1"#,
      #""advantages": "mc", "reward": {"placement": "step"}"#,
      #""advantages": "mc", "rewards": "shuffled""#, #""advantages": "rloo", "gamma": 0.9"#,
      #""advantages": "rloo", "truncation": "bootstrap""#, #""advantages": "mc", "preset": "trl""#,
      #""critic": {"trunks": "shared"}"#, #""gamma": 1.5"#, #""advantages": "gea""#,
      #""continuations": 3"#, #""reward": {"step_weight": 1}"#, #""missing_eos_penalty": 1"#,
    ] {
      #expect(throws: (any Error).self, "\(keys)") {
        try configuration(#""algorithm": "ppo", "steps": 1, "# + keys)
      }
    }
  }

  // MARK: - What it computes

  @Test func theFirstStepAfterAZeroHeadHasTheObjectiveWithoutACritic() throws {
    let run = try Self.run()
    let groups = try run.sample(run.problems(ofStep: 1), step: 1)
    let objective = run.configuration.algorithm.objective(of: groups, step: 1)
    // λ = 0.95, V = 0: what the last token earns, less with every token before it.
    for (rollout, advantages) in zip(objective.rollouts, objective.advantages) {
      let last = rollout.response.count - 1
      let score = rollout.reward - (rollout.ended ? 0 : 1)
      expectClose(advantages[last], score, absolute: 1e-15)
      if last > 0 { expectClose(advantages[last - 1], 0.95 * score, absolute: 1e-15) }
    }
    let first = try run.advance()
    let whole = try PolicyGradient<Float>(.tiny(), rolloutCount: 18).accumulate(
      objective, threads: 1)
    expectClose(try #require(first["loss"]), whole.loss, absolute: 1e-12)
    #expect(first["critic/vpred_mean"] == 0)
  }

  @Test func aMeanOfTheOthersAsValueIsLeaveOneOut() throws {
    let groups = randomGroups(3)
    for group in groups {
      let expected = AdvantageScheme.leaveOneOut.advantages(of: group.rewards)
      for (place, rollout) in group.rollouts.enumerated() {
        var rewards = [Double](repeating: 0, count: rollout.response.count)
        rewards[rewards.count - 1] = rollout.reward
        let others = group.rewards.reduce(0, +) - rollout.reward
        let value = others / Double(group.rollouts.count - 1)
        let advantages = GeneralizedAdvantage(discount: 1, lambda: 1).advantages(
          rewards: rewards, values: rewards.map { _ in value })
        expectClose(advantages, rewards.map { _ in expected[place] }, absolute: 1e-14)
      }
    }
  }

  @Test func theCriticLearnsAloneWhileItWarmsUp() throws {
    // Enough responses that some end.
    let settings = try configuration(
      Self.members.replacing("\"problems_per_step\": 6", with: "\"problems_per_step\": 40")
        + #", "critic": {"warmup": 8, "learning_rate": 0.02}"#)
    let run = try PolicyTraining(settings, model: .tiny(), threads: 2)
    let metrics = try (0..<8).map { _ in try run.advance() }
    #expect(run.model.values == Transformer<Float>.tiny().values)
    #expect(metrics.allSatisfy { $0["grad_norm"] == 0 })
    let losses = try metrics.map { try #require($0["loss/value_avg"]) }
    #expect(losses[6...].reduce(0, +) < 0.7 * losses[..<2].reduce(0, +))
    #expect(metrics[0]["critic/vf_explained_var"] == 0, "values that are all 0 explain nothing")
  }

  @Test func onlyASharedTrunkGetsTheGradientOfTheValue() throws {
    func moved(_ critic: String) throws -> [Float] {
      let run = try Self.run(#", "critic": {\#(critic)}"#)
      _ = try run.advance()
      return run.model.values
    }
    let separate = try moved(#""init": "normal", "trunk": "separate""#)
    #expect(try moved(#""init": "normal", "trunk": "detached""#) == separate)
    #expect(try moved(#""init": "normal", "trunk": "shared""#) != separate)
    #expect(try moved(#""init": "normal", "trunk": "shared", "vf_coef": 0"#) == separate)
  }

  @Test func metricsNameEveryColumnOnce() throws {
    for variant in Self.variants {
      let metrics = try Self.run(variant).advance()
      #expect(metrics.values.count == metrics.columns.count)
      #expect(Set(metrics.columns.map(\.name)).count == metrics.columns.count)
    }
    let metrics = try Self.run().advance()
    let unended = try #require(metrics["completions/clipped_ratio"])
    expectClose(try #require(metrics["objective/scores"]), -unended, absolute: 1e-12)
    expectClose(try #require(metrics["objective/rlhf_reward"]), -unended, absolute: 1e-12)
    #expect(try Self.run(#", "advantages": "rloo""#).advance()["loss/value_avg"] == nil)
  }

  @Test func explainedVarianceIsThatOfTheWholeBatch() {
    let exact = ActorCriticMetrics.explainedVariance([([1, 2], [1, 2]), ([5], [5])])
    expectClose(exact.estimate, 1, absolute: 1e-12)
    // A value that is the mean of each problem explains the variance between problems.
    let between = ActorCriticMetrics.explainedVariance([
      ([1, 1], [0, 2]), ([5, 5], [4, 6]), ([9, 9], [8, 10]),
    ])
    // Squares about the means: 6 within, 70 in all.
    expectClose(between.estimate, 1 - 6.0 / 70, absolute: 1e-12)
    #expect(between.low < between.estimate && between.estimate < between.high)
    #expect(ActorCriticMetrics.explainedVariance([([1], [2]), ([3], [2])]).estimate.isNaN)
  }

  @Test func continuationsOfAStateAreKeyedByIt() throws {
    let settings = try configuration(Self.members + #", "advantages": "mc", "continuations": 4"#)
    let run = try PolicyTraining(settings, model: .tiny(), threads: 1)
    let groups = try run.sample(run.problems(ofStep: 1), step: 1)
    let responses = zip(run.problems(ofStep: 1), groups).flatMap { problem, group in
      group.rollouts.map { TaskResponse(problem: problem, tokens: $0.response) }
    }
    let values = try #require(settings.algorithm as? PPO).continuations
    func find(_ count: Int, threads: Int) throws -> [[Double]] {
      let some = Array(responses[..<count])
      return try values.values(
        of: some, states: some.map { _ in [0] }, task: run.task, model: run.model,
        options: settings.samplingOptions(run.model), key: RandomKey(seed: 1), threads: threads,
        shouldStop: { false }, score: { $0.ended ? 1 : 0 }
      ).map { $0.map(\.mean) }
    }
    let few = try find(2, threads: 1)
    #expect(try find(18, threads: 3).prefix(2).elementsEqual(few))
    #expect(few.joined().allSatisfy { [0, 0.25, 0.5, 0.75, 1].contains($0) })
    #expect(try Set(find(18, threads: 1).joined()).count > 1)
  }
}
