import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct RolloutWriterTests {
  let rollouts = [
    Rollout(
      id: "a\n\"", problemID: "p", cluster: "k", promptTokens: [1, 2], responseTokens: [3],
      prompt: "é 😀", response: "\u{0}", reward: -0.1, answer: "7"),
    Rollout(id: "b", problemID: "p", promptTokens: [255], responseTokens: [0, 0]),
  ]
  let options = RolloutReader.Options(vocabularySize: 256)

  @Test func rolloutsReadBackAsWritten() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/out.jsonl"
      let text = RolloutWriter.text(rollouts)
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(try RolloutReader.read(path: path, options: options) == rollouts)
      #expect(
        text.split(separator: "\n").last
          == #"{"id":"b","problem_id":"p","cluster":"p","prompt_ids":[255],"response_ids":[0,0]}"#)
    }
  }
}
