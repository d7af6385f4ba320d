import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing
import Training

/// Training on a task whose responses are conversations.
@Suite struct ConversationTests {
  private static let members = """
    "algorithm": "ppo", "steps": 4, "problems_per_step": 6, "rollouts_per_problem": 4,
    "task": {"name": "desk"}, "evaluate_every": 0, "optimizer": {"learning_rate": 0.01}
    """

  private static func run(_ more: String = "", threads: Int = 1) throws -> PolicyTraining {
    let settings = try configuration(members + more)
    return PolicyTraining(settings, task: DeskTask(), model: .tinyDesk(), threads: threads)
  }

  /// A run on a task that answers every turn of a random policy.
  private static func echo(_ more: String = "", threads: Int = 1) throws -> PolicyTraining {
    let settings = try configuration(
      """
      "algorithm": "ppo", "steps": 4, "problems_per_step": 8, "rollouts_per_problem": 4, "lam": 1,
      "max_new_tokens": 40, "optimizer": {"learning_rate": 0.01}
      """ + more)
    return PolicyTraining(settings, task: EchoTask(), model: .tiny(), threads: threads)
  }

  @Test func eachTurnIsAnsweredUntilTheConversationIsOver() throws {
    let run = try Self.echo()
    let rollouts = try run.sample(run.problems(ofStep: 1), step: 1).flatMap(\.rollouts)
    var turnCounts: Set<Int> = []
    for rollout in rollouts {
      let isOwn = try #require(rollout.isOwn)
      // Runs of own tokens, each followed by the echo.
      var (place, turns) = (0, 0)
      while place < isOwn.count {
        let own = isOwn[place...].prefix { $0 }.count
        #expect(1...EchoTask().maximumTurnLength ~= own)
        let last = rollout.response[place + own - 1]
        #expect(EchoTask().turnEnds.contains(last) || own == EchoTask().maximumTurnLength)
        #expect(Array(rollout.response[place + own..<place + own + 2]) == EchoTask.echo)
        #expect(!isOwn[place + own] && !isOwn[place + own + 1])
        place += own + 2
        turns += 1
      }
      turnCounts.insert(turns)
      #expect(rollout.ended && rollout.response.count >= EchoTask.end)
    }
    #expect(turnCounts.count > 1, "conversations have different numbers of turns")
    #expect(Set(rollouts.map(\.reward)) == [0, 1])
  }

  @Test func aConversationIsCutOffWhereATurnDoesNotFit() throws {
    let run = try Self.echo(#", "truncation": "bootstrap""#)
    let short = PolicyTraining(
      try configuration(
        #""algorithm": "ppo", "steps": 1, "problems_per_step": 8, "max_new_tokens": 9, "truncation": "bootstrap""#
      ),
      task: EchoTask(), model: .tiny(), threads: 1)
    for rollout in try short.sample(short.problems(ofStep: 1), step: 1).flatMap(\.rollouts) {
      #expect(!rollout.ended && rollout.response.count + EchoTask().maximumTurnLength > 9)
    }
    #expect(try run.advance()["completions/clipped_ratio"] == 0)
    #expect(try short.advance()["completions/clipped_ratio"] == 1)
  }

  @Test func onlyThePolicysOwnTokensAreScored() throws {
    let run = try Self.echo()
    let groups = try run.sample(run.problems(ofStep: 1), step: 1)
    let objective = run.configuration.algorithm.objective(of: groups, step: 1)
    for (index, rollout) in objective.rollouts.enumerated() {
      let isOwn = try #require(rollout.isOwn)
      #expect(isOwn.contains(false) && isOwn.contains(true))
      #expect(objective.sequence(index).scoredPositions == rollout.ownPlaces)
      // V = 0 and λ = γ = 1: every own token has the reward.
      for place in isOwn.indices {
        expectClose(
          objective.advantages[index][place], isOwn[place] ? rollout.reward : 0, absolute: 1e-12)
      }
    }
    #expect(try run.advance()["loss/value_avg"].map { $0 > 0 } == true)
  }

  @Test(arguments: [
    "", #", "critic": {"trunk": "shared"}, "minibatches": 3"#, #", "advantages": "rloo""#,
    #", "whiten": "shift-scale", "updates_per_batch": 2"#,
  ]) func conversationsHaveTheSameBitsOnAnyNumberOfThreads(more: String) throws {
    let (one, three) = (try Self.echo(more), try Self.echo(more, threads: 3))
    for _ in 0..<2 {
      let (a, b) = (try one.advance(), try three.advance())
      #expect(a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    #expect(one.model.values == three.model.values)
    #expect(one.model.values != Transformer<Float>.tiny().values)
  }

  @Test(arguments: [
    "", #", "critic": {"trunk": "shared"}, "minibatches": 2"#, #", "advantages": "rloo""#,
    #", "truncation": "bootstrap", "max_new_tokens": 6"#,
  ]) func sameBitsOnAnyNumberOfThreads(more: String) throws {
    let one = try Self.run(more)
    let three = try Self.run(more, threads: 3)
    for _ in 0..<2 {
      let (a, b) = (try one.advance(), try three.advance())
      #expect(a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    #expect(one.model.values == three.model.values)
    // Rewards of a random model are all the same: only a value that learns moves it.
    #expect((one.model.values == Transformer<Float>.tinyDesk().values) == more.contains("rloo"))
  }

  @Test(arguments: [
    #""algorithm": "grpo""#, #""algorithm": "ppo", "minibatches": 2"#,
    #""algorithm": "ppo", "critic": {"trunk": "shared"}"#,
  ]) func aModelLearnsToForeseeTheUserWhileItIsTrainedToAct(algorithm: String) throws {
    let members =
      Self.members.replacing(#""algorithm": "ppo""#, with: algorithm)
      + #", "likelihood": {"coefficient": 2, "conversations_per_update": 24}"#
    func run(_ threads: Int) throws -> PolicyTraining {
      PolicyTraining(
        try configuration(members), task: DeskTask(), model: Transformer<Float>.tinyDesk(),
        threads: threads)
    }
    let (one, three) = (try run(1), try run(3))
    var losses: [Double] = []
    for _ in 0..<4 {
      let (a, b) = (try one.advance(), try three.advance())
      #expect(a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) })
      losses.append(try #require(a["likelihood/loss"]))
    }
    #expect(one.model.values == three.model.values)
    #expect(losses[0] > 3.4 && losses[0] < 4.2, "a random model: about log 43 nats")
    #expect(losses[3] < losses[0])
  }

  @Test func onlyTheUsersTokensAreForeseen() {
    let task = DeskTask()
    for index in 0..<50 {
      let logged = task.loggedConversation(index)
      let words = zip(logged.tokens, logged.isOthers).filter(\.1).map(\.0)
      #expect(!words.isEmpty && !words.contains(DeskVocabulary.assistant))
      #expect(!words.contains(DeskVocabulary.ask) && !words.contains(DeskVocabulary.eos))
      #expect(words.filter { $0 == DeskVocabulary.end }.count >= 2)
    }
  }

  /// Logged dialogues in the place of sampled ones: their users' turns belong to nobody's gradient.
  @Test func advantagesOfOthersTokensAreZero() throws {
    let corpus = DeskCorpus(key: RandomKey(seed: 4))
    let groups = (0..<6).map { index -> RolloutGroup in
      let dialogue = corpus.document(index)
      let authored = dialogue.transcript.authored
      let start = authored.firstIndex { $0.author == .assistant } ?? 0
      return RolloutGroup([
        RewardedRollout(
          prompt: authored[..<start].map(\.token), response: authored[start...].map(\.token),
          ended: true, reward: dialogue.reward,
          isOwn: authored[start...].map { $0.author == .assistant })
      ])
    }
    let objective = try configuration(Self.members).algorithm.objective(of: groups, step: 1)
    for (rollout, advantages) in zip(objective.rollouts, objective.advantages) {
      let isOwn = try #require(rollout.isOwn)
      for place in isOwn.indices where !isOwn[place] { #expect(advantages[place] == 0) }
      // λ = 0.95 and V = 0: the last own token has the reward, those before it less.
      let own = rollout.ownPlaces
      expectClose(advantages[try #require(own.last)], rollout.reward, absolute: 1e-12)
      if own.count > 1 {
        expectClose(advantages[own[own.count - 2]], 0.95 * rollout.reward, absolute: 1e-12)
      }
    }
  }

  @Test func whatConversationsDoNotSupportIsRefused() throws {
    for more in [
      #", "advantages": "mc""#, #", "measure_updates_every": 2"#, #", "max_new_tokens": 3"#,
      #", "reward": {"placement": "step"}"#,
    ] {
      let settings = try configuration(Self.members + more)
      #expect(settings.obstacle(Transformer<Float>.tinyDesk().configuration, DeskTask()) != nil)
    }
    let countdown = try configuration(
      #""algorithm": "grpo", "steps": 1, "likelihood": {}"#)
    #expect(
      countdown.obstacle(Transformer<Float>.tiny().configuration, CountdownTask(.three)) != nil)
    #expect(
      try configuration(Self.members).obstacle(
        Transformer<Float>.tinyDesk().configuration, DeskTask()) == nil)
  }
}
