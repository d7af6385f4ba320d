import Foundation
import Tasks
import TestSupport
import Testing

/// Files of pairs of responses.
@Suite struct PreferenceReaderTests {
  private static func read(_ text: String, limit: Int? = nil) throws -> [PreferencePair] {
    try withTemporaryDirectory { folder in
      let path = folder + "/pairs.jsonl"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      do {
        return try PreferenceReader.read(
          path: path,
          options: RolloutReader.Options(
            vocabularySize: 256, maximumLength: limit, encoder: ByteEncoder()))
      } catch let error as TaskFileError {
        #expect(error.path == path && !error.description.contains("\n"))
        throw error
      }
    }
  }

  private static func bytes(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

  @Test func rewardsOfRolloutsMakePairs() throws {
    func pairs(_ text: String) throws -> [PreferencePair] {
      try withTemporaryDirectory { folder in
        let path = folder + "/rollouts.jsonl"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try PreferenceReader.pairs(
          ofRollouts: path, options: RolloutReader.Options(vocabularySize: 256))
      }
    }
    func line(_ id: String, _ problem: String, _ response: Int, _ reward: Double?) -> String {
      #"{"id": "\#(id)", "problem_id": "\#(problem)", "cluster": "c\#(problem)", "prompt_ids": [1], "#
        + #""response_ids": [\#(response)]\#(reward.map { ", \"reward\": \($0)" } ?? "")}"# + "\n"
    }
    let text =
      line("a", "p", 11, 0) + line("b", "p", 12, 1) + line("c", "p", 13, 0.5)
      + line("d", "q", 14, 1)
      + line("e", "p", 15, 0) + line("f", "q", 16, 1) + line("g", "p", 17, 0.5)
    // b > e, c > a, g is in the middle, and those of q are equal.
    #expect(
      try pairs(text) == [
        PreferencePair(
          id: "b>e", cluster: "cp", promptTokens: [1], chosenTokens: [12], rejectedTokens: [15]),
        PreferencePair(
          id: "c>a", cluster: "cp", promptTokens: [1], chosenTokens: [13], rejectedTokens: [11]),
        PreferencePair(
          id: "d>f", cluster: "cq", promptTokens: [1], chosenTokens: [14], rejectedTokens: [16],
          isTie: true),
      ])
    for (bad, message) in [
      (line("x", "p", 1, nil), "rollout x has no reward"),
      (
        line("x", "p", 1, 1).replacing("\"prompt_ids\": [1]", with: "\"prompt_ids\": [2]"),
        "rollout x has another prompt than a"
      ),
    ] {
      let error = #expect(throws: TaskFileError.self) { _ = try pairs(text + bad) }
      #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }
    let equal = #expect(throws: TaskFileError.self) { _ = try pairs(line("x", "p", 1, 1)) }
    #expect(equal?.message.hasPrefix("no problem has two responses") == true)
  }

  @Test func idsTextAndMessagesAreRead() throws {
    let pairs = try Self.read(
      #"""
      {"prompt_ids": [1, 2], "chosen_ids": [3, 0, 0], "rejected_ids": [4]}
      {"id": "b", "prompt": "ab", "chosen": "c", "rejected": " d", "margin": 0.5, "other": [1]}
      {"problem_id": 7, "messages": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "y"}], "rejected": "n"}
      {"prompt": [{"role": "user", "content": "q"}], "cluster": "k", "problem_id": "p", "chosen": "y", "rejected": "y", "tie": true}
      {"prompt": "ignored", "prompt_ids": [1, 2], "chosen": "ignored", "chosen_ids": [9], "rejected_ids": [8], "tie": false}

      """#)
    #expect(
      pairs == [
        PreferencePair(
          id: "1", cluster: "prompt-1", promptTokens: [1, 2], chosenTokens: [3, 0, 0],
          rejectedTokens: [4]),
        PreferencePair(
          id: "b", cluster: "prompt-2", promptTokens: Self.bytes("ab"),
          chosenTokens: Self.bytes("c"), rejectedTokens: Self.bytes(" d"), margin: 0.5),
        PreferencePair(
          id: "3", cluster: "7", promptTokens: Self.bytes("u:q"), chosenTokens: Self.bytes("y"),
          rejectedTokens: Self.bytes("n")),
        PreferencePair(
          id: "4", cluster: "k", promptTokens: Self.bytes("u:q"), chosenTokens: Self.bytes("y"),
          rejectedTokens: Self.bytes("y"), isTie: true),
        PreferencePair(
          id: "5", cluster: "prompt-1", promptTokens: [1, 2], chosenTokens: [9],
          rejectedTokens: [8]),
      ])
  }

  @Test(arguments: [
    ("", ":1: no pairs (expected one JSON object a line)"),
    ("{\"prompt\":", ":1: broken JSON"),
    (
      #"{"chosen": "a", "rejected": "b"}"#,
      ":1: no prompt (expected prompt, messages or prompt_ids)"
    ),
    (#"{"prompt": "p", "rejected": "b"}"#, ":1: no chosen (expected chosen or chosen_ids)"),
    (#"{"prompt": "p", "chosen": "b"}"#, ":1: no rejected (expected rejected or rejected_ids)"),
    (#"{"prompt": "p", "chosen": "", "rejected": "b"}"#, ":1: an empty chosen (expected text)"),
    (#"{"prompt": "p", "chosen": 3, "rejected": "b"}"#, ":1: chosen is 3 (expected a string)"),
    (
      #"{"prompt": "p", "chosen": "a", "rejected": [{"role": "user", "content": "b"}]}"#,
      ":1: rejected has 1 turns (expected one turn of the assistant"
    ),
    (
      #"{"prompt": "p", "chosen_ids": [256], "rejected": "b"}"#,
      ":1: chosen_ids[0] is 256 (expected a token id: an integer from 0 to 255)"
    ),
    (
      #"{"prompt": "p", "chosen": "same", "rejected": "same"}"#,
      ":1: chosen and rejected are the same (expected two responses, or tie true)"
    ),
    (
      #"{"prompt": "p", "chosen": "a", "rejected": "b", "margin": -1}"#,
      ":1: margin is -1.0 (expected a number of at least 0)"
    ),
    (
      #"{"prompt": "p", "chosen": "a", "rejected": "b", "margin": 1, "tie": true}"#,
      ":1: margin with a tie (expected only one: neither response is better)"
    ),
    (
      #"{"prompt": "p", "chosen": "a", "rejected": "b", "tie": 1}"#,
      ":1: tie is 1 (expected true or false)"
    ),
    (
      #"{"prompt": "p", "chosen": "a", "rejected": "123456789"}"#,
      ":1: 1 prompt and 9 rejected tokens are 10 (expected at most 9, the model's positions)"
    ),
    (
      """
      {"id": "x", "prompt": "p", "chosen": "a", "rejected": "b"}
      {"id": "x", "prompt": "p", "chosen": "a", "rejected": "b"}
      """, ":2: the id \"x\" of line 1 again (expected every id once)"
    ),
  ])
  func whatIsWrongIsNamedWithItsLine(text: String, message: String) {
    let error = #expect(throws: TaskFileError.self) { _ = try Self.read(text, limit: 9) }
    let description = error?.description ?? ""
    #expect(description.contains("pairs.jsonl" + message), "\(description)")
  }
}
