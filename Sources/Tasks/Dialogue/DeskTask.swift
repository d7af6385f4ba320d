// Dialogues at the desk as a task that a policy is trained on.
import KeyedRandom

/// Problems are users with their openings at a stock; a response is the rest of the dialogue.
///
/// A problem's `answer` holds the user's goal and mood, which no policy sees. Stocks are the clusters.
public struct DeskTask: InteractiveTask, ImaginableTask {
  public let user: DeskUser

  public init(user: DeskUser = DeskUser()) {
    self.user = user
  }

  // MARK: - Problems

  public func draw(key: RandomKey) -> TaskProblem { problem(.train, key: key, id: nil) }

  public func heldOut(_ count: Int) -> [TaskProblem] {
    let key = RandomKey(seed: 0).derive("held-out problems")
    return (0..<count).map { problem(.heldOut, key: key.derive(UInt64($0)), id: "p\($0)") }
  }

  /// The openings of an evaluation: the held-out ones, or as many of training that depend on the seed.
  package func problems(_ split: DeskStock.Split, count: Int, seed: UInt64) -> [TaskProblem] {
    switch split {
    case .heldOut: return heldOut(count)
    case .train:
      let key = RandomKey(seed: seed).derive("openings")
      return (0..<count).map { problem(.train, key: key.derive(UInt64($0)), id: "t\($0)") }
    }
  }

  private func problem(_ split: DeskStock.Split, key: RandomKey, id: String?) -> TaskProblem {
    let stock = DeskStock.sample(split, key: key.derive("stock"))
    return Self.problem(DeskDialogue(stock: stock, user: user, key: key.derive("user")), id: id)
  }

  /// A dialogue before the assistant's first turn as a problem.
  static func problem(_ dialogue: DeskDialogue, id: String?) -> TaskProblem {
    let prompt = dialogue.promptTokens
    let text = DeskVocabulary.text(of: prompt)
    let hidden = "\(dialogue.state.goal) \(dialogue.state.mood)"
    return TaskProblem(
      id: id ?? "\(text) (\(hidden))", cluster: dialogue.transcript.stock.description,
      promptTokens: prompt, prompt: text, answer: hidden)
  }

  /// The same user with or without a note in its opening; a problem that is none of the task's stays as it is.
  public func problem(_ problem: TaskProblem, hasNote: Bool) -> TaskProblem {
    guard let transcript = Self.opening(problem.promptTokens), let state = Self.state(problem)
    else { return problem }
    var opening = transcript.opening
    opening.hasNote = hasNote
    return Self.problem(
      DeskDialogue(stock: transcript.stock, user: user, state: state, opening: opening), id: nil)
  }

  public func completed(_ problem: TaskProblem) throws(LineFault) -> TaskProblem {
    guard let transcript = Self.opening(problem.promptTokens) else {
      throw LineFault(
        "no dialogue before the assistant's first turn (expected <bos> <system> ITEM ITEM ITEM ITEM "
          + "<end> <user> OPENING <end> <assistant>)")
    }
    guard Self.state(problem) != nil else {
      throw LineFault("no hidden state in answer (expected ITEM calm or ITEM hurried)")
    }
    var completed = problem
    if problem.cluster == problem.id { completed.cluster = transcript.stock.description }
    return completed
  }

  /// The dialogue of a prompt that ends in `<assistant>`; nil for other tokens.
  static func opening(_ prompt: [Int32]) -> DeskTranscript? {
    guard prompt.last == DeskVocabulary.assistant,
      let transcript = try? DeskTranscript(tokens: prompt.dropLast(), mayGoOn: true),
      transcript.turns.isEmpty
    else { return nil }
    return transcript
  }

  /// The goal and mood in a problem's answer.
  private static func state(_ problem: TaskProblem) -> DeskHiddenState? {
    guard let answer = problem.answer else { return nil }
    return DeskHiddenState.all.first { "\($0.goal) \($0.mood)" == answer }
  }

  public var longestPrompt: Int {
    let opening = DeskOpening.all.map(\.tokens.count).max() ?? 0
    return 3 + DeskStock.size + 1 + opening + 1
  }

  // MARK: - The user

  public var maximumTurnLength: Int { DeskAction.maximumLength }
  public var turnEnds: [Int32] { [DeskVocabulary.end] }
  /// The user's role, the reply, and the assistant's role or the end.
  public var maximumReplyLength: Int { 1 + maximumAnswerLength + 1 }

  public func answer(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem, key: RandomKey
  ) -> EnvironmentTurn {
    guard let state = Self.state(problem),
      let exchange = exchange(turn, after: history, in: problem)
    else { return EnvironmentTurn(tokens: [], isOver: true) }
    let reply = user.reply(to: exchange.action, in: state, after: exchange.transcript, key: key)
    return Self.turn(exchange, reply)
  }

  /// A turn of the policy with the dialogue before it; nil for a turn that is no action.
  private func exchange(
    _ turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> (transcript: DeskTranscript, action: DeskAction)? {
    // Everything before the turn is a dialogue that goes on, and `<assistant>`.
    guard
      let transcript = try? DeskTranscript(
        tokens: (problem.promptTokens + history).dropLast(), mayGoOn: true, patience: user.patience),
      let action = try? DeskAction(tokens: turn)
    else { return nil }
    return (transcript, action)
  }

  private static func turn(
    _ exchange: (transcript: DeskTranscript, action: DeskAction), _ reply: DeskReply
  ) -> EnvironmentTurn {
    var transcript = exchange.transcript
    transcript.append(DeskTurn(exchange.action, reply))
    return EnvironmentTurn(
      tokens: [DeskVocabulary.user] + reply.tokens
        + [transcript.isOver ? DeskVocabulary.eos : DeskVocabulary.assistant],
      isOver: transcript.isOver)
  }

  /// The logged dialogues at the stocks of a split.
  public func corpus(_ split: DeskStock.Split) -> DeskCorpus {
    DeskCorpus(user: user, split: split, key: RandomKey(seed: 0).derive("logged conversations"))
  }

  public func loggedConversation(_ index: Int) -> LoggedConversation {
    LoggedConversation(corpus(.train).document(index).transcript)
  }

  // MARK: - The user as a model plays it

  public var maximumAnswerLength: Int { 2 }
  public var answerEnds: [Int32] { [DeskVocabulary.end] }

  public func answerOpening(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> AnswerOpening {
    exchange(turn, after: history, in: problem) == nil ? .end : .tokens([DeskVocabulary.user])
  }

  public func turn(
    answering answer: [Int32], to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> EnvironmentTurn? {
    guard let exchange = exchange(turn, after: history, in: problem),
      let reply = try? exchange.transcript.reply(to: exchange.action, tokens: answer)
    else { return nil }
    return Self.turn(exchange, reply)
  }

  public func loggedBeginning(_ index: Int, key: RandomKey) -> TaskProblem {
    let logged = corpus(.train).document(index)
    var dialogue = DeskDialogue(
      stock: logged.transcript.stock, user: user, state: logged.state,
      opening: logged.transcript.opening)
    var generator = key.generator()
    let turns = logged.transcript.turns
    for turn in turns.prefix(generator.uniform(below: turns.count)) { dialogue.append(turn) }
    return Self.problem(dialogue, id: nil)
  }

  public var longestBeginning: Int { DeskTranscript.maximumLength(turns: user.patience - 1) }

  // MARK: - Contexts

  public var documentStart: [Int32] { [DeskVocabulary.bos] }

  public var ordinaryTokens: [Int32] { Array(DeskVocabulary.ask..<Int32(DeskVocabulary.count)) }

  // MARK: - Rewards and statistics

  /// A fault costs 1, and so does a hallucination, which may be free.
  public var rewardRange: ClosedRange<Double> { -1.6...1 }

  public func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?] {
    responses.map { response in
      let verdict = Self.verdict(response, patience: user.patience)
      guard let reward = verdict.reward else { return nil }
      return Verification(
        reward >= 1 ? .correct : .wrong, reward: reward,
        reason: verdict.fault.map { "\($0)" } ?? "a dialogue that is over")
    }
  }

  private static func verdict(_ response: TaskResponse, patience: Int) -> DeskVerdict {
    DeskVerdict(tokens: response.problem.promptTokens + response.tokens, patience: patience)
  }

  public var statistics: [TaskStatistic] { Self.statistics }

  static let statistics: [TaskStatistic] = {
    func mean(
      _ name: String, _ longName: String, _ value: @escaping @Sendable (DeskOutcome) -> Double
    ) -> TaskStatistic {
      TaskStatistic(
        name, longName,
        .mean {
          verdict($0, patience: DeskUser.longestPatience).transcript
            .map { value(DeskOutcome($0)) } ?? 0
        })
    }
    return [
      mean("asks", "questions per dialogue") { $0.questions },
      mean("great", "share of dialogues that end in the offer the user wants") { $0.great },
      mean("hallucinations", "share of dialogues that end in an offer that is not in stock") {
        $0.hallucinations
      },
      mean("offers_not_in_stock", "offers per dialogue that are not in stock") {
        $0.offersNotInStock
      },
      mean("free_offers", "free offers per dialogue") { $0.free },
      mean("apologies", "share of dialogues that end in sorry") { $0.sorry },
      mean("turns", "turns of the assistant per dialogue") { $0.turns },
      TaskStatistic(
        "faults", "share of dialogues that end in a turn that is no action",
        .mean {
          verdict($0, patience: DeskUser.longestPatience).fault?.author == .assistant ? 1 : 0
        }),
    ]
  }()

  public var documents: [[Int32]] {
    let corpus = DeskCorpus(user: user, key: RandomKey(seed: 0).derive("evaluation documents"))
    return (0..<512).map { corpus.document($0).transcript.tokens }
  }
}

extension LoggedConversation {
  /// A dialogue in which the user's turns are the others'.
  public init(_ transcript: DeskTranscript) {
    let authored = transcript.authored
    self.init(tokens: authored.map(\.token), isOthers: authored.map { $0.author == .user })
  }
}
