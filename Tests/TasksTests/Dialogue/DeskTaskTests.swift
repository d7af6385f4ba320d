import KeyedRandom
import StrictJSON
import Tasks
import TestSupport
import Testing

@Suite struct DeskTaskTests {
  private static let task = DeskTask()

  /// Plays a problem with a policy of the history, as a sampler does.
  private static func play(
    _ problem: TaskProblem, key: RandomKey, _ policy: (DeskTranscript) -> [Int32]
  ) throws -> (response: [Int32], isOver: Bool) {
    var response: [Int32] = []
    for _ in 0..<DeskTranscript.standardPatience {
      let transcript = try DeskTranscript(
        tokens: (problem.promptTokens + response).dropLast(), mayGoOn: true)
      let turn = policy(transcript)
      let answer = task.answer(to: turn, after: response, in: problem, key: key)
      response += turn + answer.tokens
      if answer.isOver { return (response, true) }
    }
    return (response, false)
  }

  @Test func problemsAreDialoguesBeforeTheFirstTurn() throws {
    let held = Self.task.heldOut(200)
    #expect(Self.task.heldOut(50) == Array(held.prefix(50)))
    let stocks = Set(DeskStock.stocks(.heldOut).map(\.description))
    #expect(held.allSatisfy { stocks.contains($0.cluster) })
    let trained = Self.task.draw(200, key: RandomKey(seed: 3))
    #expect(trained.allSatisfy { !stocks.contains($0.cluster) })
    for problem in held + trained {
      #expect(problem.promptTokens.count <= Self.task.longestPrompt)
      #expect(DeskSettings.recognizes(problem.promptTokens))
      #expect(try Self.task.completed(problem) == problem)
    }
    var unknown = held[0]
    unknown.answer = "red-small"
    #expect(throws: LineFault.self) { try Self.task.completed(unknown) }
    unknown = held[0]
    unknown.promptTokens.removeLast()
    #expect(throws: LineFault.self) { try Self.task.completed(unknown) }
  }

  /// The same dialogue as `DeskDialogue` plays with the same user and keys.
  @Test func theUserAnswersAsInADialogueInOnePiece() throws {
    for index in 0..<200 {
      let key = RandomKey(seed: 8).derive(UInt64(index))
      let problem = Self.task.draw(key: key)
      let opening = try DeskTranscript(tokens: problem.promptTokens.dropLast(), mayGoOn: true)
      let words = try #require(problem.answer).split(separator: " ")
      let state = try #require(
        DeskHiddenState.all.first { "\($0.goal)" == words[0] && "\($0.mood)" == words[1] })
      func policy(_ transcript: DeskTranscript) -> [Int32] {
        var random = key.derive(UInt64(transcript.turns.count)).generator()
        return DeskAction.all[random.uniform(below: DeskAction.all.count)].tokens
      }
      var whole = DeskDialogue(stock: opening.stock, state: state, opening: opening.opening)
      while !whole.isOver { whole.step(policy(whole.transcript), key: key) }
      let (response, isOver) = try Self.play(problem, key: key, policy)
      #expect(isOver && problem.promptTokens + response == whole.transcript.tokens)
      let found = try Self.task.verify(
        [TaskResponse(problem: problem, tokens: response)], shouldStop: { false })
      expectClose(try #require(found[0]).reward, whole.reward, absolute: 1e-12)
    }
  }

  @Test func anAnswerOfAModelIsTheUsersOrNone() throws {
    let task = DeskTask()
    let problem = try #require(task.heldOut(1).first)
    let ask = DeskAction.ask(.colour).tokens
    #expect(task.answerOpening(to: ask, after: [], in: problem) == .tokens([DeskVocabulary.user]))
    #expect(task.answerOpening(to: [DeskVocabulary.ask], after: [], in: problem) == .end)
    // What the user says is the user's turn, whoever says it.
    let real = task.answer(to: ask, after: [], in: problem, key: RandomKey(seed: 4))
    let reply = Array(real.tokens.dropFirst().dropLast())
    #expect(reply.count <= task.maximumAnswerLength && task.answerEnds.contains(reply[1]))
    #expect(task.turn(answering: reply, to: ask, after: [], in: problem) == real)
    // No user accepts a question, is silent, or speaks for another.
    for wrong in [
      DeskReply.great.tokens, [], [DeskVocabulary.end], [DeskVocabulary.assistant, 1], [-1, 9999],
    ] {
      #expect(task.turn(answering: wrong, to: ask, after: [], in: problem) == nil)
    }
  }

  @Test func aUserHasTheSameOpeningWithANoteAndWithout() throws {
    let task = DeskTask()
    let problems = task.heldOut(30)
    for problem in problems {
      let (with, without) = (
        task.problem(problem, hasNote: true), task.problem(problem, hasNote: false)
      )
      // `note say free`
      #expect(with.promptTokens.count == without.promptTokens.count + 3)
      #expect([with.promptTokens, without.promptTokens].contains(problem.promptTokens))
      #expect(with.answer == problem.answer && with.cluster == problem.cluster)
    }
  }

  @Test func loggedConversationsAreTakenUpAtATurnOfTheAssistant() throws {
    let task = DeskTask()
    var lengths: Set<Int> = []
    for index in 0..<60 {
      let begun = task.loggedBeginning(index, key: RandomKey(seed: 1).derive(UInt64(index)))
      let whole = task.loggedConversation(index).tokens
      #expect(whole.starts(with: begun.promptTokens) && begun.promptTokens.count < whole.count)
      #expect(begun.promptTokens.last == DeskVocabulary.assistant)
      #expect(begun.promptTokens.count <= task.longestBeginning)
      lengths.insert(begun.promptTokens.count)
      // The user of the conversation goes on as it would have.
      let answer = task.answer(
        to: DeskAction.sorry.tokens, after: [], in: begun, key: RandomKey(seed: 2))
      #expect(answer.isOver)
      let stock = try DeskTranscript(tokens: begun.promptTokens.dropLast(), mayGoOn: true).stock
      let isInStock = stock.items.contains { begun.answer?.hasPrefix("\($0) ") == true }
      #expect(
        Array(answer.tokens.dropFirst().dropLast())
          == (isInStock ? DeskReply.bad : .ok).tokens)
    }
    #expect(lengths.count > 5)
  }

  @Test func whatIsNoActionEndsTheDialogueAndCosts() throws {
    let problem = Self.task.heldOut(1)[0]
    typealias Words = DeskVocabulary
    for turn in [
      [Words.offer, Words.end], [Words.user, Words.great, Words.end], [Words.ask, Words.colour],
      [], [9999], [Words.sorry, Words.end, Words.end],
    ] {
      let answer = Self.task.answer(to: turn, after: [], in: problem, key: RandomKey(seed: 1))
      #expect(answer.isOver && answer.tokens.isEmpty, "\(turn)")
      let response = TaskResponse(problem: problem, tokens: turn)
      let found = try Self.task.verify([response], shouldStop: { false })
      #expect(found[0]?.reward == -1, "\(turn)")
      for statistic in DeskSettings.statistics where statistic.name == "faults" {
        guard case .mean(let value) = statistic.kind else { continue }
        #expect(value(response) == 1)
      }
    }
  }

  @Test func statisticsCountWhatADialogueDid() throws {
    let problem = Self.task.heldOut(1)[0]
    let stock = try DeskTranscript(tokens: problem.promptTokens.dropLast(), mayGoOn: true).stock
    let elsewhere = try #require(DeskItem.all.first { !stock.contains($0) })
    let (response, _) = try Self.play(problem, key: RandomKey(seed: 2)) { transcript in
      transcript.turns.isEmpty
        ? DeskAction.ask(.size).tokens : DeskAction.offer(elsewhere, free: true).tokens
    }
    var values: [String: Double] = [:]
    for statistic in DeskSettings.statistics {
      guard case .mean(let value) = statistic.kind else { continue }
      values[statistic.name] = value(TaskResponse(problem: problem, tokens: response))
    }
    let turns = try #require(values["turns"])
    #expect(values["asks"] == 1 && values["faults"] == 0)
    #expect(values["offers_not_in_stock"] == turns - 1 && values["free_offers"] == turns - 1)
  }

  @Test func documentsAreDialoguesOfTrainingStocks() throws {
    let documents = DeskSettings().documents(questionShare: nil, key: RandomKey(seed: 5))
    let stocks = Set(DeskStock.stocks(.heldOut))
    for index in 0..<100 {
      let transcript = try DeskTranscript(tokens: documents(index))
      #expect(!stocks.contains(transcript.stock))
    }
    var reader = try JSONReader(
      JSON.parse(#"{"task": {"name": "answers", "problems": "a", "held_out": "b"}}"#))
    let error = #expect(throws: JSONValueError.self) {
      try BuiltInTasks.corpusTask(reading: &reader)
    }
    #expect(
      error?.description == #"task: answers has no corpus (expected "countdown" or "desk")"#)
  }
}
