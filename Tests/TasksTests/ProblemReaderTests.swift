import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct ProblemReaderTests {
  private func read(_ text: String, limit: Int? = nil) throws -> [Problem] {
    try withTemporaryDirectory { folder in
      let path = folder + "/problems.jsonl"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try ProblemReader.read(path: path, limit: limit)
    }
  }

  @Test func promptsAreTextOrTurns() throws {
    let problems = try read(
      """
      {"id": "a", "messages": [{"content": "s", "role": "system"}, {"content": "q", "role": "user"}], "answer": "1"}
      {"prompt": "q", "answer": 27, "level": 5, "cluster": "k"}
      {"prompt": "q"}
      """)
    #expect(
      problems == [
        Problem(
          id: "a",
          prompt: .messages(
            Conversation((role: "system", content: "s"), (role: "user", content: "q"))),
          answer: "1"),
        Problem(id: "2", cluster: "k", prompt: .text("q"), answer: "27"),
        Problem(id: "3", prompt: .text("q")),
      ])
    #expect(problems[2].cluster == "3")
  }

  @Test(arguments: [
    ("\n", "1: no problems (expected one JSON object a line)"),
    (#"{"id": "a", "answer": "1"}"#, "1: no prompt (expected prompt or messages)"),
    (#"{"prompt": ""}"#, "1: an empty prompt (expected text)"),
    (#"{"prompt": "q", "answer": []}"#, "1: answer is an array of 0 (expected a string)"),
    (
      #"{"id": "a", "prompt": "q"}"# + "\n" + #"{"id": "a", "prompt": "q"}"#,
      "2: the id \"a\" of line 1 again (expected every id once)"
    ),
  ])
  func refusalsNameTheLine(text: String, message: String) throws {
    let error = #expect(throws: TaskFileError.self) { try read(text) }
    #expect("\(error?.line ?? 0): \(error?.message ?? "")" == message)
  }

  @Test func limitLeavesTheRestUnread() throws {
    #expect(try read("{\"prompt\": \"q\"}\nbroken", limit: 1).count == 1)
  }
}
