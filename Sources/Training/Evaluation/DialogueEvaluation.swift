// What a model does at the desk, and how well it foresees the user.
import KeyedRandom
import ModelCore
import Statistics
import Tables
import Tasks

/// Dialogues of a model with users at held-out stocks, and its loss on the users' turns of logged dialogues against the
/// exact filter's.
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
  /// Of users' turns in logged dialogues, in nats a turn: the model's loss, the filter's, and the model's excess.
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
      ("turns", "turns of the assistant per dialogue", number, { $0.outcome.turns }),
    ]
  }()

  /// Plays and scores.
  ///
  /// - Parameters:
  ///   - model: Of the desk's vocabulary, with room for its longest dialogue.
  ///   - count: Dialogues to play, and logged dialogues to predict.
  /// - Throws: `NonFiniteError` where a logit is not finite.
  public init(
    _ model: Transformer<Float>, user: DeskUser = DeskUser(), count: Int, temperature: Double = 1,
    seed: UInt64 = 0, threads: Int
  ) throws {
    let task = DeskTask(user: user)
    let problems = task.heldOut(count)
    let key = RandomKey(seed: seed).derive("dialogues")
    let options = SamplingOptions(
      maximumNewTokens: DeskTranscript.maximumLength(turns: user.patience),
      temperature: temperature, endTokens: [DeskVocabulary.eos])
    let responses = try model.respond(
      to: problems.enumerated().map { ($1, key.derive(UInt64($0))) }, of: task, options,
      threads: threads)
    dialogues = zip(problems, responses).map { problem, response in
      let verdict = DeskVerdict(
        tokens: problem.promptTokens + response.tokens, patience: user.patience)
      return Dialogue(
        problem: problem, response: response.tokens, reward: verdict.reward ?? 0,
        outcome: verdict.transcript.map { DeskOutcome($0) } ?? DeskOutcome(), fault: verdict.fault)
    }
    let bootstrap = BootstrapT(key: RandomKey(seed: seed).derive("bootstrap"))
    let played = dialogues
    outcomes = Self.quantities.map { quantity in
      Row(
        name: quantity.name, units: "1", longName: quantity.longName,
        interval: ClusteredSample(
          played.map(quantity.value), clusters: played.map(\.problem.cluster)
        ).mean(bootstrap).within(quantity.range))
    }
    predictions = try Self.predictions(
      model, user: user, count: count, threads: threads, bootstrap)
    plans = Self.plans(user)
  }

  /// The loss of each turn of the users of logged dialogues at held-out stocks.
  private static func predictions(
    _ model: Transformer<Float>, user: DeskUser, count: Int, threads: Int, _ bootstrap: BootstrapT
  ) throws -> [Row] {
    let corpus = DeskTask(user: user).corpus(.heldOut)
    let transcripts = (0..<count).map { corpus.document($0).transcript }
    let sequences = transcripts.map { LoggedConversation($0).ofOthers }
    let scores = try SequenceScorer(model).tokenLogProbabilities(sequences, threads: threads)
    var (own, exact, clusters): ([Double], [Double], [String]) = ([], [], [])
    for (index, transcript) in transcripts.enumerated() {
      let filter = DeskModel(stock: transcript.stock, user: user).predictions(of: transcript)
      // Each turn of the user ends in <end>.
      let ends = sequences[index].scoredPositions.indices.filter {
        sequences[index].response[sequences[index].scoredPositions[$0]] == DeskVocabulary.end
      }
      var start = 0
      for (turn, end) in ends.enumerated() {
        own.append(-scores[index][start...end].reduce(0, +))
        exact.append(-filter[turn].logProbability)
        clusters.append(transcript.stock.description)
        start = end + 1
      }
    }
    return [
      ("loss", "the model's loss on a turn of the user", own),
      ("exact_loss", "the exact filter's loss", exact),
      ("excess_loss", "the model's loss beyond the filter's", zip(own, exact).map { $0 - $1 }),
    ].map { name, longName, values in
      Row(
        name: name, units: "nat", longName: longName,
        interval: ClusteredSample(values, clusters: clusters).mean(bootstrap))
    }
  }

  /// The best return over all held-out stocks, with and without questions.
  private static func plans(_ user: DeskUser) -> [Row] {
    let models = DeskStock.stocks(.heldOut).map { DeskModel(stock: $0, user: user) }
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
