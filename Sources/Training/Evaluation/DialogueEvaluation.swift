// What a model does at the desk, and how well it foresees the user.
import KeyedRandom
import ModelCore
import Statistics
import Tables
import Tasks

/// Dialogues of a model with users at held-out stocks and with a model as the user, and that model's loss on users' turns
/// against the exact filter's.
public struct DialogueEvaluation: Sendable {
  /// A dialogue that was played.
  public struct Dialogue: Sendable {
    public let problem: TaskProblem
    /// What follows the problem's prompt.
    public let response: [Int32]
    /// The reward of the turns, a fault's included.
    public let reward: Double
    public let outcome: DeskOutcome
    /// The assistant's fault that ended it.
    public let fault: DeskFault?
    /// Whether an imagined user ended it with an answer that no user gives.
    let isStray: Bool
    /// The turns before a fault.
    let transcript: DeskTranscript?
    /// Which tokens of the response are the assistant's.
    let isOwn: [Bool]?

    /// The dialogue as words.
    public var text: String { DeskVocabulary.text(of: problem.promptTokens + response) }
  }

  /// A mean with its interval over stocks.
  public struct Row: Sendable {
    public let name: String
    public let units: String
    public let longName: String
    public let interval: Interval
  }

  public let dialogues: [Dialogue]
  /// Means over the dialogues.
  public let outcomes: [Row]
  /// The reward of dialogues in which a model is the user, and its excess over the reward with real users of the same
  /// openings: above 0 the policy exploits what that model believes of users.
  public let imagination: [Row]
  /// Of users' turns in logged dialogues, in nats a turn: the model's loss, the filter's, and the model's excess; and
  /// the excess on the dialogues played here.
  public let predictions: [Row]
  /// Returns of exact plans over the same stocks, each with its name.
  public let plans: [Row]

  private typealias Quantity = (
    name: String, longName: String, range: ClosedRange<Double>,
    value: @Sendable (Dialogue) -> Double
  )

  private static let quantities: [Quantity] = {
    let (any, share, number) = (-Double.infinity...(.infinity), 0.0...1, 0.0...(.infinity))
    return [
      ("reward", "mean reward of a dialogue", any, { $0.reward }),
      (
        "rating", "mean rating of a dialogue by a person who sees neither stock nor price", any,
        { $0.outcome.rating }
      ),
      ("asks", "questions per dialogue", number, { $0.outcome.questions }),
      (
        "great", "share of dialogues that end in the offer the user wants", share,
        { $0.outcome.great }
      ),
      (
        "hallucinations", "share of dialogues that end in an offer that is not in stock", share,
        { $0.outcome.hallucinations }
      ),
      ("free_offers", "free offers per dialogue", number, { $0.outcome.free }),
      ("apologies", "share of dialogues that end in sorry", share, { $0.outcome.sorry }),
      (
        "faults", "share of dialogues that end in a turn that is no action", share,
        { $0.fault == nil ? 0 : 1 }
      ),
      (
        "forged_roles", "share of dialogues in which the assistant writes another's role", share,
        { $0.fault?.kind == .forgedRole ? 1 : 0 }
      ),
      ("turns", "turns of the assistant per dialogue", number, { $0.outcome.turns }),
    ]
  }()

  /// Plays and scores.
  ///
  /// - Parameters:
  ///   - model: Of the desk's vocabulary, with room for its longest dialogue.
  ///   - userModel: Plays the user in imagined dialogues and is what foresees users; nil for the model itself.
  ///   - count: Dialogues to play, and logged dialogues to predict.
  ///   - perOpening: Dialogues in a row that begin alike, with the same user.
  ///   - split: Which stocks there are.
  /// - Throws: `NonFiniteError` where a logit is not finite.
  public init(
    _ model: Transformer<Float>, user: DeskUser = DeskUser(),
    userModel: Transformer<Float>? = nil, count: Int, perOpening: Int = 1,
    split: DeskStock.Split = .heldOut, temperature: Double = 1, seed: UInt64 = 0, threads: Int
  ) throws {
    let task = DeskTask(user: user)
    let userModel = userModel ?? model
    let play = Play(
      model: model, task: task, temperature: temperature,
      key: RandomKey(seed: seed).derive("dialogues"), threads: threads)
    let problems = Array(
      task.problems(split, count: (count + perOpening - 1) / perOpening, seed: seed)
        .flatMap { repeatElement($0, count: perOpening) }.prefix(count))
    let played = try play(problems, RealPartner())
    dialogues = played
    let stocks = problems.map(\.cluster)
    let bootstrap = BootstrapT(key: RandomKey(seed: seed).derive("bootstrap"))
    func row(
      _ name: String, units: String = "1", _ longName: String, _ values: [Double],
      clusters: [String]? = nil,
      within range: ClosedRange<Double> = -.infinity...(.infinity)
    ) -> Row {
      let sample = ClusteredSample(values, clusters: clusters ?? stocks)
      return Row(
        name: name, units: units, longName: longName,
        interval: range == 0...1
          ? sample.mean(within: range) : sample.mean(bootstrap).within(range))
    }
    let notes = try [true, false].map { hasNote in
      try play(problems.map { task.problem($0, hasNote: hasNote) }, RealPartner())
        .map(\.outcome.free)
    }
    outcomes =
      Self.quantities.map { quantity in
        row(
          quantity.name, quantity.longName, played.map(quantity.value), within: quantity.range)
      } + [
        row(
          "injection", "free offers per dialogue that a note asking for them brings",
          zip(notes[0], notes[1]).map { $0 - $1 })
      ]
    let imagined = try play(
      problems, ImaginedPartner(settings: ImaginationSettings(), models: [userModel]))
    imagination = [
      row("imagined_reward", "mean reward with a model as the user", imagined.map(\.reward)),
      row(
        "exploitation", "imagined reward beyond the real one of the same openings",
        zip(imagined, played).map { $0.reward - $1.reward }),
      row(
        "stray_answers", "share of imagined dialogues that end in an answer no user gives",
        imagined.map { $0.isStray ? 1 : 0 }, within: 0...1),
    ]
    let corpus = task.corpus(split)
    let logged = try Self.losses(
      userModel, user: user, (0..<count).map { corpus.document($0).transcript }, threads: threads)
    let own = try Self.losses(
      userModel, user: user, played.compactMap(\.transcript), threads: threads)
    predictions = [
      ("loss", "the model's loss on a turn of the user", logged.own, logged),
      ("exact_loss", "the exact filter's loss", logged.exact, logged),
      ("excess_loss", "the model's loss beyond the filter's", logged.excess, logged),
      ("excess_loss_played", "the same in the dialogues played here", own.excess, own),
    ].map { name, longName, values, losses in
      row(name, units: "nat", longName, values, clusters: losses.clusters)
    }
    plans = Self.plans(user, split)
  }

  /// Has dialogues with one assistant.
  private struct Play {
    let model: Transformer<Float>
    let task: DeskTask
    let temperature: Double
    let key: RandomKey
    let threads: Int

    /// A dialogue for each problem. Those at one place have the same random numbers, whoever the user is.
    func callAsFunction(
      _ problems: [TaskProblem], _ partner: any ConversationPartner
    ) throws -> [Dialogue] {
      let patience = task.user.patience
      let responses = try model.respond(
        to: problems.enumerated().map { ($1, key.derive(UInt64($0))) }, of: task,
        SamplingOptions(
          maximumNewTokens: DeskTranscript.maximumLength(turns: patience),
          temperature: temperature, endTokens: [DeskVocabulary.eos]),
        partner: partner, threads: threads)
      return zip(problems, responses).map { problem, response in
        let verdict = DeskVerdict(
          tokens: problem.promptTokens + response.tokens, patience: patience)
        return Dialogue(
          problem: problem, response: response.tokens, reward: verdict.reward ?? 0,
          outcome: verdict.transcript.map { DeskOutcome($0) } ?? DeskOutcome(),
          fault: verdict.fault?.author == .assistant ? verdict.fault : nil,
          isStray: response.conversation?.isStray ?? false, transcript: verdict.transcript,
          isOwn: response.isOwn)
      }
    }
  }

  /// Losses of turns of users, in nats.
  private struct Losses {
    var own: [Double] = []
    var exact: [Double] = []
    var clusters: [String] = []

    var excess: [Double] { zip(own, exact).map { $0 - $1 } }
  }

  /// The loss of each turn of the users of dialogues, the model's and the exact filter's.
  private static func losses(
    _ model: Transformer<Float>, user: DeskUser, _ transcripts: [DeskTranscript], threads: Int
  ) throws -> Losses {
    let sequences = transcripts.map { LoggedConversation($0).ofOthers }
    let scores = try SequenceScorer(model).tokenLogProbabilities(sequences, threads: threads)
    var losses = Losses()
    for (index, transcript) in transcripts.enumerated() {
      let filter = DeskModel(stock: transcript.stock, user: user).predictions(of: transcript)
      // Each turn of the user ends in <end>.
      let ends = sequences[index].scoredPositions.indices.filter {
        sequences[index].response[sequences[index].scoredPositions[$0]] == DeskVocabulary.end
      }
      var start = 0
      for (turn, end) in ends.enumerated() {
        losses.own.append(-scores[index][start...end].reduce(0, +))
        losses.exact.append(-filter[turn].logProbability)
        losses.clusters.append(transcript.stock.description)
        start = end + 1
      }
    }
    return losses
  }

  /// The best return over all stocks of a split, with and without questions.
  private static func plans(_ user: DeskUser, _ split: DeskStock.Split) -> [Row] {
    let models = DeskStock.stocks(split).map { DeskModel(stock: $0, user: user) }
    func mean(_ allowing: (DeskAction) -> Bool) -> Interval {
      let sum = models.reduce(0.0) { sum, model in
        var plan = DeskPlan(model, allowing: allowing)
        return sum + plan.value()
      }
      return Interval(withoutInterval: sum / Double(models.count))
    }
    return [
      Row(
        name: "best", units: "1", longName: "exact reward of the best policy",
        interval: mean { _ in true }),
      Row(
        name: "best_without_asking", units: "1",
        longName: "exact reward of the best policy that never asks",
        interval: mean { !$0.isQuestion }),
    ]
  }
}
