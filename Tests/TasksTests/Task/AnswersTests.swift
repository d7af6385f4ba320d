import Foundation
import KeyedRandom
import StrictJSON
import Tasks
import TestSupport
import Testing

/// A model whose tokens are the bytes of the text.
private struct BytePlayer: TaskPlayer {
  let name = "bytes"
  let vocabularySize = 256
  var maximumPositions = 64
  let startToken: Int32? = 2
  let specialTokens: Set<Int32> = [0, 1, 2]

  func encode(prompt: Prompt) throws -> [Int32] { try encode(response: text(of: prompt)) }
  func encode(response: String) -> [Int32] { response.utf8.map { Int32($0) } }
  func text(of prompt: Prompt) throws -> String {
    guard case .text(let text) = prompt else { return "" }
    return text
  }
  func text(ofResponse tokens: [Int32]) -> String? {
    String(decoding: tokens.map { UInt8(clamping: $0) }, as: UTF8.self)
  }

  func turnMarks() throws -> TurnMarks { throw NoTurns() }
  func turns(of conversation: Conversation) throws -> ConversationTurns { throw NoTurns() }
  struct NoTurns: Error {}
}

@Suite struct AnswersTests {
  private static func settings(_ text: String) throws -> any TaskSettings {
    var reader = try JSONReader(JSON.parse("{\"task\": \(text)}"))
    let settings = try BuiltInTasks.settings(reading: &reader)
    try reader.finish()
    return settings
  }

  private static func lines(_ count: Int, clusters: Int) -> String {
    (0..<count).map {
      """
      {"id": "q\($0)", "prompt": "What is \($0) + 1?", "answer": "\($0 + 1)", \
      "cluster": "c\($0 % clusters)"}

      """
    }.joined()
  }

  /// The task of a file of problems, in a folder of its own.
  private static func task(
    _ lines: String, _ settings: String = #"{"name": "answers", "problems": "p.jsonl"}"#,
    body: (any PolicyTask) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      try Data(lines.utf8).write(to: URL(fileURLWithPath: folder + "/p.jsonl"))
      try body(
        Self.settings(settings).open(for: BytePlayer(), folder: folder, maximumNewTokens: 32))
    }
  }

  @Test func everyProblemComesUpOnceAnEpochInAnotherOrder() throws {
    try Self.task(Self.lines(20, clusters: 20)) { task in
      let key = RandomKey(seed: 9).derive("problems")
      let heldOut = Set(task.heldOut(100).map(\.id))
      #expect(heldOut.count == 2, "a tenth of the clusters")
      // 18 problems: steps of 4 cross from one epoch into the next.
      let asked = (1...9).flatMap { task.problems(ofStep: $0, count: 4, key: key).map(\.id) }
      let (first, second) = (Array(asked.prefix(18)), Array(asked.dropFirst(18)))
      #expect(Set(first).count == 18 && Set(first) == Set(second) && first != second)
      #expect(heldOut.isDisjoint(with: first))
      #expect(task.problems(ofStep: 5, count: 4, key: key).map(\.id) == Array(asked[16..<20]))
      #expect(
        task.problems(ofStep: 1, count: 4, key: RandomKey(seed: 8)).map(\.id)
          != Array(first.prefix(4)))
      // A step may be longer than the file.
      #expect(task.problems(ofStep: 1, count: 40, key: key).prefix(36).map(\.id) == asked)
    }
  }

  @Test func clustersAreHeldOutAsAWhole() throws {
    try Self.task(
      Self.lines(40, clusters: 4),
      #"{"name": "answers", "problems": "p.jsonl", "held_out_share": 0.3}"#
    ) { task in
      let heldOut = task.heldOut(100)
      #expect(heldOut.count == 10 && Set(heldOut.map(\.cluster)).count == 1)
      let training = task.problems(ofStep: 1, count: 30, key: RandomKey(seed: 0))
      #expect(Set(training.map(\.cluster)).count == 3)
      #expect(Set(training.map(\.cluster)).isDisjoint(with: heldOut.map(\.cluster)))
      #expect(task.heldOut(3) == Array(heldOut.prefix(3)))
    }
    #expect(throws: TaskFileError.self) { try Self.task(Self.lines(5, clusters: 1)) { _ in } }
  }

  @Test func theBuiltInVerifierOrACommandGivesTheRewards() throws {
    let texts = ["The answer is 5", "The answer is 6", "no"]
    func rewards(_ settings: String) throws -> [Double?] {
      var rewards: [Double?] = []
      try Self.task(Self.lines(12, clusters: 12), settings) { task in
        let problem = TaskProblem(id: "a", cluster: "a", promptTokens: [65], answer: "5")
        rewards = try task.verify(
          texts.map { TaskResponse(problem: problem, tokens: BytePlayer().encode(response: $0)) },
          shouldStop: { false }
        ).map { $0?.reward }
      }
      return rewards
    }
    #expect(try rewards(#"{"name": "answers", "problems": "p.jsonl"}"#) == [1, 0, 0])
    // Every response of one problem has a name of its own.
    let command = #"sed -E 's/^\\{\"id\":(\"[^\"]*\").*$/{\"id\":\\1,\"reward\":0.25}/'"#
    #expect(
      try rewards(
        "{\"name\": \"answers\", \"problems\": \"p.jsonl\", \"verifier\": \"\(command)\"}")
        == [0.25, 0.25, 0.25])
  }

  @Test(arguments: [
    ("", "p.jsonl:1: no problems (expected one JSON object a line)"),
    (
      #"{"prompt": "a", "answer": "1"}"# + "\n" + #"{"prompt": "b"}"#,
      "p.jsonl:2: no answer (expected one, or task.verifier with a command)"
    ),
    (
      #"{"prompt": "a", "answer": "1"}"# + "\n" + #"{"id": "1", "prompt": "b", "answer": "1"}"#,
      #"p.jsonl:2: the id "1" of line 1 again (expected every id once)"#
    ),
    (
      #"{"prompt": "a sentence that is longer than half of all positions", "answer": "1"}"#,
      "p.jsonl:1: the prompt has 52 tokens (expected at most 32: the model has 64 positions, "
        + "max_new_tokens is 32)"
    ),
  ])
  func malformedFilesAreNamedWithTheLine(lines: String, message: String) throws {
    let error = try #require(throws: TaskFileError.self) { try Self.task(lines) { _ in } }
    #expect(error.description.hasSuffix("/" + message), "\(error)")
  }

  @Test(arguments: [
    (#"{"name": "answers"}"#, "task.problems: missing"),
    (#"{"name": "answers", "problems": ""}"#, "task.problems: is empty"),
    (#"{"name": "answers", "problems": "p", "numbers": 4}"#, "task.numbers: unknown key"),
    (
      #"{"name": "answers", "problems": "p", "held_out": "h", "held_out_share": 0.2}"#,
      "task.held_out_share: with held_out"
    ),
    (
      #"{"name": "riddles"}"#,
      #"task.name: "riddles" (expected one of: "countdown", "answers", "desk", "conversations")"#
    ),
  ])
  func malformedSettingsAreNamed(text: String, message: String) throws {
    let error = try #require(throws: JSONValueError.self) { _ = try Self.settings(text) }
    #expect(error.description.hasPrefix(message), "\(error)")
  }

  @Test(arguments: [
    #"{"name": "answers", "problems": "p", "held_out": "h", "verifier": "cmd"}"#,
    #"{"name": "answers", "problems": "p", "held_out_share": 0.25}"#,
  ])
  func settingsReadBackAsThemselves(text: String) throws {
    #expect(try Self.settings(text).json == JSON.parse(text))
  }
}
