import KeyedRandom
import ModelCore
import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

@Suite struct PolicyTrainingTests {
  /// Rewards of a random model are all 0, so that only advantages without a baseline teach it.
  private static let members = """
    "algorithm": "nsr-prerl", "advantage": "raw", "steps": 6, "problems_per_step": 3,
    "rollouts_per_problem": 2, "max_new_tokens": 12, "updates_per_batch": 2,
    "optimizer": {"learning_rate": 0.05}
    """

  private static func run(_ members: String = members, threads: Int = 1) throws
    -> PolicyTraining
  {
    try PolicyTraining(configuration(members), model: .tiny(), threads: threads)
  }

  @Test func sameBitsOnAnyNumberOfThreads() throws {
    let one = try Self.run()
    let three = try Self.run(threads: 3)
    for _ in 0..<4 { #expect(try one.advance().values == three.advance().values) }
    #expect(one.model.values == three.model.values)
    #expect(one.model.values != Transformer<Float>.tiny().values)
  }

  @Test(arguments: 0..<4) func aRestoredRunGoesOnToTheBit(saved: Int) throws {
    try withTemporaryDirectory { folder in
      let whole = try Self.run()
      for _ in 0..<saved { _ = try whole.advance() }
      try whole.model.save(directory: folder)
      try whole.saveOptimizer(to: folder + "/optimizer.safetensors")
      let resumed = try PolicyTraining(
        whole.configuration, model: try Transformer(directory: folder), threads: 2)
      try resumed.restore(
        optimizer: folder + "/optimizer.safetensors", step: whole.step,
        tokenCount: whole.tokenCount)
      for _ in 0..<2 {
        let (a, b) = (try whole.advance(), try resumed.advance())
        #expect(a.step == b.step && a.values == b.values)
      }
      #expect(whole.model.values == resumed.model.values)
    }
  }

  @Test func aCappedResponseIsKnownToBeCapped() throws {
    let run = try Self.run(
      Self.members.replacing("\"problems_per_step\": 3", with: "\"problems_per_step\": 32"))
    let rollouts = try run.sample(run.problems(ofStep: 1), step: 1).flatMap(\.rollouts)
    #expect(rollouts.contains { $0.ended } && rollouts.contains { !$0.ended })
    for rollout in rollouts {
      #expect(rollout.ended == (rollout.response.last == CountdownVocabulary.eos))
      #expect(rollout.ended || rollout.response.count == 12)
      #expect(rollout.response.dropLast().allSatisfy { $0 != CountdownVocabulary.eos })
    }
    let metrics = try run.advance()
    let capped = Double(rollouts.count { !$0.ended }) / Double(rollouts.count)
    expectClose(try #require(metrics["completions/clipped_ratio"]), capped, absolute: 1e-15)
    expectClose(try #require(metrics["ended"]), 1 - capped, absolute: 1e-15)
  }

  private static func groups(_ members: String, ofStep step: Int = 1) throws -> [RolloutGroup] {
    let run = try run(
      members.replacing("\"problems_per_step\": 3", with: "\"problems_per_step\": 40"))
    return try run.sample(run.problems(ofStep: step), step: step)
  }

  @Test func drawnContextsAreOtherPromptsOrRandomOnes() throws {
    func contexts(_ name: String, ofStep step: Int = 1) throws -> [(own: [Int32], drawn: [Int32])] {
      try Self.groups(
        Self.members + #", "loss": {"null_context": "\#(name)"}"#, ofStep: step
      ).map { ($0.rollouts[0].prompt, try #require($0.drawnContext)) }
    }
    for (own, drawn) in try contexts("mismatched-prompt") {
      let (own, other) = (
        try #require(CountdownProblem(prompt: own)), try #require(CountdownProblem(prompt: drawn))
      )
      #expect(other.cluster != own.cluster && other.split == .train)
    }
    let random = try contexts("random-prompt")
    #expect(random.allSatisfy { $0.drawn.count == $0.own.count && $0.drawn[0] == $0.own[0] })
    #expect(random.allSatisfy { $0.drawn.dropFirst().allSatisfy { 3..<56 ~= $0 } })
    #expect(Set(random.map(\.drawn)).count == 40)
    #expect(try contexts("random-prompt").map(\.drawn) == random.map(\.drawn))
    #expect(try contexts("random-prompt", ofStep: 2).map(\.drawn) != random.map(\.drawn))
    // What is drawn stands before y in the pre-train space and nowhere else.
    let groups = try Self.groups(Self.members + #", "loss": {"null_context": "random-prompt"}"#)
    for (name, isPost) in [("prerl", false), ("grpo", true)] {
      let objective = try algorithm(
        #""algorithm": "\#(name)", "loss": {"null_context": "random-prompt"}"#
      ).objective(of: groups, step: 1)
      #expect(
        objective.sequence(0).context
          == (isPost ? groups[0].rollouts[0].prompt : groups[0].drawnContext))
    }
  }

  @Test func shuffledRewardsStayInTheirGroup() {
    let verified = [1.0, 0, 0, 1, 0, 0, 0, 0]
    let keys = (0..<20 as Range<UInt64>).map { RandomKey(seed: 3).derive($0) }
    let shuffled = keys.map { RewardSource.shuffled.rewards(verified, key: $0) }
    #expect(shuffled.allSatisfy { $0.sorted() == verified.sorted() })
    #expect(Set(shuffled).count > 10)
    #expect(keys.allSatisfy { RewardSource.verified.rewards(verified, key: $0) == verified })
  }

  @Test func moreUpdatesOnABatchMakeClippingReal() throws {
    let once = try Self.run(
      Self.members.replacing("\"updates_per_batch\": 2", with: "\"updates_per_batch\": 1"))
    let metrics = try (0..<3).map { _ in try once.advance() }
    #expect(
      metrics.allSatisfy { $0["clip_ratio/low_mean"] == 0 && $0["clip_ratio/high_mean"] == 0 })
    #expect(try #require(Self.run().advance()["clip_ratio/low_mean"]) > 0)
  }

  @Test func aBatchWithoutAdvantagesChangesNothing() throws {
    let run = try Self.run(Self.members.replacing("\"raw\"", with: "\"group-centered\""))
    let metrics = try run.advance()
    #expect(metrics["frac_reward_zero_std"] == 1)
    #expect(metrics["grad_norm"] == 0 && metrics["kept_ratio"] == 0)
    #expect(run.model.values == Transformer<Float>.tiny().values)
  }

  @Test func whatIsNotFiniteEndsTheRunWithStepAndSample() throws {
    let run = try Self.run()
    _ = try run.advance()
    run.model.withParameters { buffer in
      buffer.withMutableSpan { span in for i in span.indices { span[i] = .nan } }
    }
    let error = try #require(throws: TrainingError.self) { _ = try run.advance() }
    #expect(
      error.description
        == "step 2: a logit of token 0 of sample 0 is not finite "
        + "(expected a finite number; try a lower learning rate)")
    #expect(run.step == 1)
  }

  @Test func metricsHaveAValueForEveryColumn() throws {
    let metrics = try Self.run().advance()
    #expect(metrics.values.count == metrics.columns.count)
    #expect(Set(metrics.columns.map(\.name)).count == metrics.columns.count)
    #expect(metrics.values.allSatisfy { $0.isFinite })
    #expect(metrics["num_tokens"] == Double(try Self.run().tokens(ofStep: 1)))
    #expect(metrics["learning_rate"] == 0.05)
  }
}

extension PolicyTraining {
  fileprivate func tokens(ofStep step: Int) throws -> Int {
    try sample(problems(ofStep: step), step: step).flatMap(\.rollouts).reduce(0) {
      $0 + $1.prompt.count + $1.response.count
    }
  }
}
