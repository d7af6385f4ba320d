import Foundation
import KeyedRandom
import StrictJSON
import Tasks
import TestSupport
import Testing

/// A model whose tokens are bytes; answers end in 1 and words in 2, `<` opens words and `>` answers.
private struct BytePlayer: TaskPlayer {
  struct Failure: Error, CustomStringConvertible { let description: String }

  let name = "bytes"
  let vocabularySize = 128
  let maximumPositions = 64
  let startToken: Int32? = 0
  let specialTokens: Set<Int32> = [0, 1, 2]
  var hasMarks = true

  func encode(prompt: Prompt) throws -> [Int32] { throw Failure(description: "messages only") }
  func encode(response: String) -> [Int32] { response.utf8.map { Int32($0) } }
  func text(of prompt: Prompt) throws -> String { "" }
  func text(ofResponse tokens: [Int32]) -> String? {
    String(decoding: tokens.map { UInt8(clamping: $0) }, as: UTF8.self)
  }

  func turnMarks() throws -> TurnMarks {
    guard hasMarks else { throw Failure(description: "no template") }
    return TurnMarks(answerEnd: 1, userOpening: [60], userEnd: 2, answerOpening: [62])
  }

  func turns(of conversation: Conversation) throws -> ConversationTurns {
    let texts = conversation.messages.map { encode(response: $0["content"]?.stringValue ?? "") }
    let first = conversation.messages.firstIndex { $0["role"] == "assistant" } ?? 0
    return ConversationTurns(
      prompt: [0] + texts[..<first].joined() + [62],
      exchanges: stride(from: first, to: texts.count, by: 2).map {
        .init(answer: texts[$0], words: $0 + 1 < texts.count ? texts[$0 + 1] : nil)
      })
  }
}

@Suite struct ConversationsTests {
  private static let settings = #"{"name": "conversations", "conversations": "c.jsonl"}"#

  private static func line(_ turns: (String, String)..., id: String? = nil) -> String {
    let messages: [JSON] = turns.map { ["role": .string($0.0), "content": .string($0.1)] }
    var object: JSONObject = ["messages": .array(messages)]
    object["id"] = id.map { .string($0) }
    return JSON.object(object).text() + "\n"
  }

  private static func task(
    _ lines: String, _ settings: String = settings, player: BytePlayer = BytePlayer(),
    body: (any ImaginableTask) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      try Data(lines.utf8).write(to: URL(fileURLWithPath: folder + "/c.jsonl"))
      var reader = try JSONReader(JSON.parse("{\"task\": \(settings)}"))
      let settings = try BuiltInTasks.settings(reading: &reader)
      let task = try settings.open(for: player, folder: folder, maximumNewTokens: 32)
      try body(try #require(task as? any ImaginableTask))
    }
  }

  private static let two =
    line(("user", "hi"), ("assistant", "yo"), ("user", "so"), ("assistant", "ok"), id: "long")
    + line(("system", "be"), ("user", "kind"), ("assistant", "no"), ("user", "bye"), id: "short")

  private static func tokens(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

  @Test func conversationsAreLoggedWithTheUsersWordsBehindTheFirstAnswer() throws {
    let file = Self.settings.replacing("}", with: #", "held_out": "c.jsonl"}"#)
    try Self.task(Self.two, file) { task in
      let (long, short) = (task.loggedConversation(0), task.loggedConversation(1))
      #expect(
        long.tokens == [0] + Self.tokens("hi>yo") + [1] + Self.tokens("<so") + [2]
          + Self.tokens(">ok") + [1])
      #expect(
        zip(long.tokens, long.isOthers).filter(\.1).map(\.0) == Self.tokens("so") + [2])
      #expect(short.tokens == [0] + Self.tokens("bekind>no") + [1] + Self.tokens("<bye") + [2])
      #expect(
        zip(short.tokens, short.isOthers).filter(\.1).map(\.0) == Self.tokens("bye") + [2])
      #expect(task.loggedConversation(2) == long, "the file again")
      #expect(task.documents == [long.tokens, short.tokens])
      #expect(Set(task.heldOut(9).map(\.id)) == ["long", "short"])
      #expect(task.heldOut(9).allSatisfy { $0.promptTokens.last == 62 })
    }
  }

  @Test func imaginedConversationsBeginAtAnyAnswer() throws {
    let file = Self.settings.replacing("}", with: #", "held_out": "c.jsonl"}"#)
    try Self.task(Self.two, file) { task in
      let beginnings = (0..<40).map {
        task.loggedBeginning(0, key: RandomKey(seed: UInt64($0)))
      }
      let first = [0] + Self.tokens("hi>")
      let second = first + Self.tokens("yo") + [1] + Self.tokens("<so") + [2, 62]
      #expect(Set(beginnings.map(\.promptTokens)) == [first, second])
      #expect(Set(beginnings.map(\.id)) == ["long", "long#1"])
      #expect(task.longestBeginning == second.count)
      #expect(
        (0..<9).allSatisfy {
          task.loggedBeginning(1, key: RandomKey(seed: $0)).id == "short"
        }, "a conversation of one answer has one beginning")
    }
  }

  @Test func aTurnEndsInItsMarkOrTheConversationDoes() throws {
    try Self.task(Self.two, Self.settings.replacing("}", with: #", "held_out": "c.jsonl"}"#)) {
      task in
      let problem = task.heldOut(1)[0]
      #expect(task.answerOpening(to: [70, 1], after: [], in: problem) == .tokens([60]))
      #expect(task.answerOpening(to: [70, 71], after: [], in: problem) == .cutOff)
      let answered = task.turn(answering: [72, 2], to: [70, 1], after: [], in: problem)
      #expect(answered == EnvironmentTurn(tokens: [60, 72, 2, 62], isOver: false))
      #expect(task.turn(answering: [72, 73], to: [70, 1], after: [], in: problem) == nil)
      #expect(task.turnEnds == [1] && task.answerEnds == [2])
      #expect(task.maximumTurnLength == 128 && task.maximumAnswerLength == 128)
      // Two turns, and one.
      guard case .mean(let turns) = task.statistics[0].kind else {
        Issue.record("no mean")
        return
      }
      #expect(
        turns(TaskResponse(problem: problem, tokens: [70, 1, 60, 72, 2, 62, 70, 1])) == 2)
      for (tokens, count) in [
        ([], 0), ([70], 1), ([70, 1], 1), ([70, 1, 60, 72, 73], 1), ([70, 1, 60, 72, 2, 62], 1),
        ([70, 1, 60, 72, 2, 62, 70], 2), ([1, 60, 2, 62, 1], 2),
      ] as [([Int32], Double)] {
        #expect(turns(TaskResponse(problem: problem, tokens: tokens)) == count, "\(tokens)")
      }
      #expect(task.maximumReplyLength == 1 + 128 + 1)
      #expect(!task.hasVerifier)
      let judged = try task.verify(
        [TaskResponse(problem: problem, tokens: [1])], shouldStop: { false })
      #expect(judged == [nil])
    }
  }

  /// Logged conversations without words behind the first answer teach nothing of the user.
  @Test func onlyConversationsWithAnswersAreLogged() throws {
    let single = Self.line(("user", "a"), ("assistant", "b"))
    let file = Self.settings.replacing("}", with: #", "held_out": "c.jsonl"}"#)
    try Self.task(single + Self.two + single, file) { task in
      for index in 0..<6 {
        #expect(task.loggedConversation(index).isOthers.contains(true), "\(index)")
      }
      #expect(task.loggedConversation(0) != task.loggedConversation(1))
      // They are beginnings all the same.
      #expect(
        task.loggedBeginning(0, key: RandomKey(seed: 1)).promptTokens == [0] + Self.tokens("a>"))
    }
    try Self.task(single, file) { task in
      #expect(!task.loggedConversation(0).isOthers.contains(true))
    }
  }

  @Test func faultsNameTheLine() throws {
    func message(_ bad: String, _ player: BytePlayer = BytePlayer()) -> String? {
      do {
        try Self.task(Self.two + bad, player: player) { _ in }
        return nil
      } catch {
        return "\(error)"
      }
    }
    let long = String(repeating: "a", count: 61)
    for (bad, expected) in [
      (#"{"prompt": "hi"}"#, "c.jsonl:3: a prompt of text (expected messages)"),
      (Self.line(("user", "hi")), "c.jsonl:3: messages has no turn of \"assistant\""),
      (
        Self.line(("assistant", "hi"), ("user", "a")),
        "c.jsonl:3: messages begins with a turn of \"assistant\""
      ),
      (
        Self.line(("user", "a"), ("assistant", "b"), ("tool", "c")),
        "c.jsonl:3: messages[2].role is \"tool\" (expected \"user\""
      ),
      (
        Self.line(("user", "a"), ("assistant", "b"), ("user", "c"), ("user", "d")),
        "c.jsonl:3: messages[3].role is \"user\" (expected \"assistant\""
      ),
      (
        Self.line(("user", "a"), ("assistant", "b\u{1}")),
        "c.jsonl:3: a turn holds the token that ends turns"
      ),
      (
        Self.line(("user", "a"), ("assistant", "é")),
        "c.jsonl:3: a turn has tokens that the model has not"
      ),
      (
        Self.line(("user", "a"), ("assistant", long)), "c.jsonl:3: the conversation has 65 tokens"
      ),
      (
        Self.line(("user", String(long.prefix(40))), ("assistant", "a")),
        "c.jsonl:3: the prompt has 42 tokens (expected at most 32"
      ),
    ] {
      #expect(message(bad)?.contains(expected) == true, "\(message(bad) ?? "nothing") \(expected)")
    }
    var player = BytePlayer()
    player.hasMarks = false
    #expect(
      message("", player)
        == "bytes: the task conversations needs marks between turns: no template")
  }
}
