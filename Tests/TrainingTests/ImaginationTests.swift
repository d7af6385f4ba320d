import KeyedRandom
import ModelCore
import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

/// Conversations whose environment is imagined.
@Suite struct ImaginationTests {
  private static func run(
    _ imagination: String?, _ more: String = "", users: [Transformer<Float>] = [], threads: Int = 1
  ) throws -> PolicyTraining {
    let settings = try configuration(
      """
      "algorithm": "ppo", "steps": 4, "problems_per_step": 6, "rollouts_per_problem": 4,
      "max_new_tokens": 40, "truncation": "bootstrap", "optimizer": {"learning_rate": 0.01}
      """ + (imagination.map { #", "imagination": {\#($0)}"# } ?? "") + more)
    return PolicyTraining(
      settings, task: EchoTask(), model: .tiny(), userModels: users, threads: threads)
  }

  private static func rollouts(_ run: PolicyTraining) throws -> [RewardedRollout] {
    try run.sample(run.problems(ofStep: 1), step: 1).flatMap(\.rollouts)
  }

  private static func record(_ rollout: RewardedRollout) throws -> ConversationRecord {
    try #require(rollout.conversation)
  }

  @Test func theTrueEnvironmentIsOrdinaryTraining() throws {
    let (real, imagined) = (try Self.run(nil), try Self.run(#""world_model": "exact""#))
    for _ in 0..<2 {
      let (a, b) = (try real.advance(), try imagined.advance())
      #expect(a["reward"] == b["reward"] && b["reward"] == b["imagined/reward"])
      #expect(b["real/reward"]?.isNaN == true && b["real/answers"] == 0)
      #expect(b["imagined/stray_ratio"] == 0 && b["imagined/disagreement"] == 0)
    }
    #expect(real.model.values == imagined.model.values)
  }

  @Test func thePolicyAnswersItself() throws {
    let run = try Self.run("")
    let rollouts = try Self.rollouts(run)
    var strays = 0
    for rollout in rollouts {
      let (record, isOwn) = (try Self.record(rollout), try #require(rollout.isOwn))
      #expect(record.isImagined && record.disagreement == 0)
      strays += record.isStray ? 1 : 0
      var (place, answers) = (0, 0)
      while place < isOwn.count {
        place += isOwn[place...].prefix { $0 }.count
        let others = Array(rollout.response[place..<place + isOwn[place...].prefix { !$0 }.count])
        place += others.count
        guard !others.isEmpty else { continue }
        answers += 1
        #expect(others[0] == 50 && others.count >= 2)
        let isLast = place == isOwn.count
        if isLast, record.isStray {
          #expect(others[1] % 8 == 0 && others.count <= 3)
        } else {
          #expect(others[1] % 8 != 0 && others.last == 51 && others.count <= 4)
        }
      }
      #expect(answers == record.answerCount)
      #expect(rollout.ended)
    }
    #expect(strays > 0 && strays < rollouts.count)
    let metrics = try run.advance()
    #expect(metrics["imagined/stray_ratio"] == Double(strays) / Double(rollouts.count))
    let answers = rollouts.compactMap(\.conversation?.answerCount).reduce(0, +)
    #expect(metrics["imagined/answers"] == Double(answers))
  }

  @Test(arguments: [0, 1, 2]) func aConversationIsCutOffBehindItsLastImaginedAnswer(
    limit: Int
  ) throws {
    let rollouts = try Self.rollouts(try Self.run(#""imagined_turns": \#(limit)"#))
    for rollout in rollouts {
      let (record, isOwn) = (try Self.record(rollout), try #require(rollout.isOwn))
      #expect(record.answerCount <= limit)
      // A value of the state behind the policy's last turn stands for the rest.
      if !rollout.ended { #expect(record.answerCount == limit && isOwn.last == true) }
    }
    #expect(rollouts.contains { !$0.ended })
    #expect(rollouts.allSatisfy { $0.ended } == false || limit > 0)
  }

  @Test func theLikeliestAnswerFollowsFromTheHistory() throws {
    let user = Transformer<Float>.tiny(label: 3)
    for rollout in try Self.rollouts(
      Self.run(#""world_model": "argmax", "imagined_turns": 1"#, users: [user]))
    where try Self.record(rollout).answerCount == 1 {
      let own = try #require(rollout.isOwn).prefix { $0 }.count
      let context = rollout.prompt + rollout.response[..<own] + [50]
      var expected: [Int32] = []
      try user.sample(
        [SamplingRequest(prompt: context, key: RandomKey(seed: 9))],
        options: SamplingOptions(
          maximumNewTokens: 2, temperature: 0, endTokens: EchoTask().turnEnds), threads: 1,
        consume: { expected = $1.tokens })
      #expect(Array(rollout.response[(own + 1)...].prefix(expected.count)) == expected)
    }
  }

  @Test func partOfTheProblemsIsImaginedFromLoggedConversations() throws {
    let run = try Self.run(#""share": 0.5, "start": "logged", "logged_conversations": 7"#)
    let problems = run.problems(ofStep: 1)
    #expect(problems.count == 6)
    #expect(problems[..<3].allSatisfy { $0.promptTokens.dropFirst().allSatisfy { $0 == 52 } })
    #expect(problems[3...] == (try Self.run(nil)).problems(ofStep: 1)[3...])
    let groups = try run.sample(problems, step: 1)
    for (place, group) in groups.enumerated() {
      #expect(group.rollouts.allSatisfy { $0.conversation?.isImagined == (place < 3) })
    }
    // The real conversations of a step are those of a run without imagination.
    let metrics = try run.advance()
    #expect(try #require(metrics["real/answers"]) > 0)
    #expect(try #require(metrics["imagined/answers"]) > 0)
  }

  @Test func equalModelsDoNotDisagree() throws {
    let limited = #""disagreement_limit": 1e-6, "disagreement_penalty": 5"#
    let equal = try Self.rollouts(
      Self.run(limited, users: [.tiny(label: 3), .tiny(label: 3)]))
    let alone = try Self.rollouts(Self.run("", users: [.tiny(label: 3)]))
    #expect(equal.map(\.response) == alone.map(\.response))
    #expect(zip(equal, alone).allSatisfy { abs($0.reward - $1.reward) < 1e-4 })
    // Different ones do: no conversation goes on beyond a limit that is hardly ever kept.
    let different = [Transformer<Float>.tiny(label: 3), .tiny(label: 4)]
    let cut = try Self.rollouts(Self.run(#""disagreement_limit": 0"#, users: different))
    #expect(cut.contains { !$0.ended })
    for rollout in cut where !rollout.ended {
      #expect(try Self.record(rollout).disagreement != 0)
    }
  }

  @Test func disagreementIsSubtractedFromTheReward() throws {
    let different = [Transformer<Float>.tiny(label: 3), .tiny(label: 4)]
    let run = try Self.run(#""disagreement_penalty": 2"#, users: different)
    let rollouts = try Self.rollouts(run)
    var total = 0.0
    for rollout in rollouts {
      let disagreement = try Self.record(rollout).disagreement
      total += disagreement
      expectClose(
        rollout.reward, rollout.verifiedReward - 2 * disagreement, absolute: 1e-12)
      #expect([0, 1].contains(rollout.verifiedReward))
    }
    // Its mean is an information and at most log 2 an answer.
    let mean = total / Double(rollouts.count)
    #expect(mean > 0 && mean < 0.7 * 12)
    expectClose(try #require(try run.advance()["imagined/disagreement"]), mean, absolute: 1e-12)
  }

  @Test(arguments: [
    "", #""world_model": "argmax", "share": 0.5"#, #""start": "logged", "imagined_turns": 1"#,
    #""disagreement_penalty": 1"#,
  ]) func imaginationHasTheSameBitsOnAnyNumberOfThreads(imagination: String) throws {
    let users =
      imagination.contains("penalty") ? [Transformer<Float>.tiny(label: 3), .tiny(label: 4)] : []
    let one = try Self.run(imagination, users: users)
    let three = try Self.run(imagination, users: users, threads: 3)
    for _ in 0..<2 {
      let (a, b) = (try one.advance(), try three.advance())
      #expect(a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    #expect(one.model.values == three.model.values)
  }

  @Test func settingsReadBackAsThemselves() throws {
    let members = #"""
      "algorithm": "ppo", "steps": 1, "task": {"name": "desk"}, "imagination": {"world_model": "argmax",
      "start": "logged", "share": 0.25, "imagined_turns": 2, "logged_conversations": 50,
      "disagreement_penalty": 0.5, "disagreement_limit": 3}
      """#
    let settings = try configuration(members)
    let imagination = try #require(settings.imagination)
    #expect(imagination.usesDisagreement && imagination.answers == 2)
    var reader = try JSONReader(settings.json)
    #expect(try PolicyConfiguration(reading: &reader).imagination == imagination)
    for wrong in [
      #""world_model": "oracle""#, #""share": 1.5"#, #""logged_conversations": 5"#,
      #""world_model": "exact", "disagreement_penalty": 1"#, #""turns": 1"#,
    ] {
      #expect(throws: JSONValueError.self) {
        try configuration(
          #""algorithm": "ppo", "steps": 1, "imagination": {\#(wrong)}"#)
      }
    }
    let countdown = try configuration(#""algorithm": "ppo", "steps": 1, "imagination": {}"#)
    #expect(
      countdown.obstacle(Transformer<Float>.tiny().configuration, CountdownTask(.three))
        == "imagination needs a task of conversations (expected none, or the task desk or conversations)"
    )
  }
}
