import Foundation
import StrictJSON
import Tasks
import TestSupport
import Testing

@Suite struct RolloutReaderTests: RolloutReading {
  @Test func nativeLinesGiveEveryField() throws {
    let line = """
      {"id": "a", "problem_id": "p", "prompt": "ab", "prompt_ids": [1, 2], "response": "c", \
      "response_ids": [3], "reward": 0.5, "answer": "42", "cluster": "k", "extra": {"x": [1]}}
      """
    #expect(
      try read(line) == [
        Rollout(
          id: "a", problemID: "p", cluster: "k", promptTokens: [1, 2], responseTokens: [3],
          prompt: "ab", response: "c", reward: 0.5, answer: "42")
      ])
  }

  @Test func defaultsAreTheLineNumberThePromptAndTheProblem() throws {
    let rollouts = try read(
      """
      {"prompt_ids": [1], "response_ids": [9]}
      {"prompt_ids": [2], "response_ids": [9], "id": null, "reward": null}
      {"prompt_ids": [1], "response_ids": [8], "id": 7}
      {"prompt_id": "s0", "prompt_ids": [1], "response_ids": [8], "answer": 1.5}
      """)
    #expect(rollouts.map(\.id) == ["1", "2", "7", "4"])
    #expect(rollouts.map(\.problemID) == ["prompt-1", "prompt-2", "prompt-1", "s0"])
    #expect(rollouts.map(\.cluster) == rollouts.map(\.problemID))
    #expect(rollouts.allSatisfy { $0.reward == nil && $0.prompt == nil && $0.response == nil })
    #expect(rollouts.map(\.answer) == [nil, nil, nil, "1.5"])
  }

  @Test func dumpsOfVerlAndTRLAreRecognised() throws {
    let rollouts = try read(
      """
      {"input": "q", "output": "r", "score": 1, "gts": "4", "step": 3}
      {"prompt": "q", "completion": "s"}
      {"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "t"}]}
      {"input": "q", "output": "r", "score": 0.0, "gts": ["4"]}
      """)
    #expect(rollouts.map(\.response) == ["r", "s", "t", "r"])
    let decoded: [Int32] = [100, 58, 113]
    #expect(rollouts.map(\.promptTokens) == [decoded, [113], [117, 58, 113], decoded])
    #expect(rollouts.map(\.reward) == [1, nil, nil, 0])
    #expect(rollouts.map(\.answer) == ["4", nil, nil, "4"])
    #expect(rollouts.map(\.problemID) == ["prompt-1", "prompt-2", "prompt-3", "prompt-1"])
  }

  @Test func rewardsComeFromTheKeyThatIsNamed() throws {
    let line = #"{"step": 2, "prompt": "q", "completion": "a", "right": 1, "short": 0.5}"#
    #expect(try read(line)[0].otherNumbers == ["step", "right", "short"])
    #expect(try read(line)[0].reward == nil)
    var options = options
    options.rewardKey = "short"
    #expect(try read(line, options)[0].reward == 0.5)
    #expect(try read(line, options)[0].otherNumbers == [])
    options.rewardKey = "long"
    #expect(refusal(line, options) == "1: no long (expected the reward: a number)")
  }

  @Test func scoredTurnsHaveNothingButTheirText() {
    let start =
      #"{"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a""#
    #expect(refusal(start + #", "tool_calls": [], "refusal": null}]}"#) == "1 rollouts")
    for field in [#""tool_calls": [{}]"#, #""reasoning_content": "hm""#, #""audio": {"id": 1}"#] {
      let name = field.split(separator: "\"")[0]
      #expect(
        refusal(start + ", \(field)}]}")
          == "1: completion[0] has \(name) (expected role and content only; response_ids score "
          + "everything that was sampled)")
    }
  }

  @Test func padsBehindTheEndAreLeftOutAndCounted() throws {
    let cases: [([Int32], [Int32])] = [
      ([8, 2, 0, 0], [8, 2]), ([8, 3, 0], [8, 3]), ([8, 2, 2, 2], [8, 2]), ([8, 2], [8, 2]),
      // Not pads: a token between, an end of another kind, no end before them.
      ([8, 2, 5, 0], [8, 2, 5, 0]), ([8, 2, 3], [8, 2, 3]), ([8, 0, 0], [8, 0, 0]),
    ]
    try withTemporaryDirectory { folder in
      let path = folder + "/rollouts.jsonl"
      let lines = cases.map { #"{"prompt_ids": [1], "response_ids": \#($0.0)}"# }
      try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
      var options = RolloutReader.Options(vocabularySize: 10)
      options.endTokens = [2, 3]
      options.padToken = 0
      var reader = try RolloutReader(path: path, options: options)
      for (_, kept) in cases { #expect(try reader.next()?.responseTokens == kept) }
      #expect(reader.padding == (tokens: 5, responses: 3))
    }
  }

  @Test func tokenIdsWinOverText() throws {
    let rollouts = try read(
      #"{"prompt": "ab", "prompt_ids": [7], "response": "", "response_ids": [8], "input": 5}"#,
      RolloutReader.Options(vocabularySize: 10))
    #expect(rollouts[0].promptTokens == [7] && rollouts[0].responseTokens == [8])
    #expect(rollouts[0].prompt == "ab" && rollouts[0].response == "")
  }

  @Test(arguments: [
    ("", "1: no rollouts (expected one JSON object a line)"),
    (" \n\n", "1: no rollouts (expected one JSON object a line)"),
    (
      #"{"prompt_ids": [1], "response_ids": [1]}"# + "\n{\"a\": }\n",
      "2: broken JSON: '}' in place of a value at column 7 (expected one JSON object a line)"
    ),
    ("[1]", "1: an array (expected one JSON object a line)"),
    (#"{"response_ids": [1]}"#, "1: no prompt (expected prompt, messages or prompt_ids)"),
    (#"{"prompt_ids": [1]}"#, "1: no response (expected response or response_ids)"),
    (#"{"prompt_ids": [], "response_ids": [1]}"#, "1: prompt_ids is empty (expected a token id)"),
    (#"{"prompt": "", "response": "a"}"#, "1: an empty prompt (expected text)"),
    (#"{"messages": [], "response": "a"}"#, "1: an empty prompt (expected text)"),
    (#"{"prompt": "a", "response": ""}"#, "1: an empty response (expected text)"),
    (
      #"{"prompt": "a", "response": "nothing"}"#,
      "1: the response has no tokens (expected at least one)"
    ),
    (
      #"{"prompt": "a", "response": "unknown"}"#,
      "1: the response cannot be encoded: CancellationError()"
    ),
    (
      #"{"prompt_ids": [1, 256], "response_ids": [1]}"#,
      "1: prompt_ids[1] is 256 (expected a token id: an integer from 0 to 255)"
    ),
    (
      #"{"prompt_ids": [1], "response_ids": [-1]}"#,
      "1: response_ids[0] is -1 (expected a token id: an integer from 0 to 255)"
    ),
    (
      #"{"prompt_ids": [1], "response_ids": [1.0]}"#,
      "1: response_ids[0] is 1.0 (expected a token id: an integer from 0 to 255)"
    ),
    (
      #"{"prompt_ids": [1], "response_ids": [true]}"#,
      "1: response_ids[0] is true (expected a token id: an integer from 0 to 255)"
    ),
    (
      #"{"prompt_ids": "1", "response_ids": [1]}"#,
      "1: prompt_ids is \"1\" (expected an array of token ids)"
    ),
    (#"{"prompt": 1, "response": "a"}"#, "1: prompt is 1 (expected a string)"),
    (#"{"prompt": "a", "response": {}}"#, "1: response is an object (expected a string)"),
    (#"{"prompt": "a", "response": "b", "reward": "1"}"#, "1: reward is \"1\" (expected a number)"),
    (#"{"prompt": "a", "response": "b", "id": [1]}"#, "1: id is an array of 1 (expected a string)"),
    (
      #"{"messages": [{"role": "user"}], "response": "b"}"#,
      "1: messages[0].content is null (expected a string)"
    ),
    (
      #"{"messages": ["hi"], "response": "b"}"#,
      "1: messages[0] is \"hi\" (expected an object with role and content)"
    ),
    (
      #"{"prompt": "a", "completion": [{"role": "user", "content": "b"}]}"#,
      "1: completion has 1 turns (expected one turn of the assistant: only it is scored)"
    ),
    (
      #"{"id": "x\n", "prompt": "a", "response": "b"}"# + "\n"
        + #"{"id": "x\n", "prompt": "a", "response": "b"}"#,
      "2: the id \"x\\n\" of line 1 again (expected every id once)"
    ),
    (
      #"{"id": "2", "prompt": "a", "response": "b"}"# + "\n" + #"{"prompt": "a", "response": "b"}"#,
      "2: the id \"2\" of line 1 again (expected every id once)"
    ),
    (
      #"{"prompt": "a", "response": "b"}"# + "\n\n" + #"{"prompt": "a", "response": "b"}"#,
      "2: an empty line (expected one JSON object a line)"
    ),
  ])
  func refusalsNameTheLine(text: String, message: String) {
    #expect(refusal(text) == message)
  }

  @Test func invalidUTF8IsRefused() throws {
    let line = Array(#"{"prompt": "a"#.utf8) + [0xFF] + Array(#"", "response": "b"}"#.utf8)
    let error = #expect(throws: TaskFileError.self) { try read(bytes: line) }
    #expect(error?.message.hasPrefix("broken JSON: invalid UTF-8") == true)
  }

  @Test func textWithoutTokenizerIsRefused() {
    let line = #"{"prompt_ids": [1], "response": "b"}"#
    #expect(
      refusal(line, RolloutReader.Options(vocabularySize: 10))
        == "1: the response is text and needs a tokenizer (expected response_ids)")
  }

  @Test func encodedTokensOutsideTheVocabularyAreRefused() {
    let options = RolloutReader.Options(vocabularySize: 100, encoder: ByteEncoder())
    #expect(
      refusal(#"{"prompt": "a", "response": "z"}"#, options)
        == "1: the tokenizer makes token 122 of the response (expected the model's 0 to 99)")
  }

  @Test func sequencesBeyondThePositionsAreRefused() throws {
    let line = #"{"prompt_ids": [1, 2], "response_ids": [3, 4]}"#
    var options = RolloutReader.Options(vocabularySize: 10, maximumLength: 4)
    #expect(try read(line, options).count == 1)
    options.maximumLength = 3
    #expect(
      refusal(line, options)
        == "1: 2 prompt and 2 response tokens are 4 (expected at most 3, the model's positions)")
  }

  @Test func byteOrderMarksAndLineEndsOfWindowsAreAllowed() throws {
    let text = "\u{FEFF}{\"prompt\": \"a\", \"response\": \"b\"}\r\n"
    let rollouts = try read(text + "{\"prompt\": \"a\", \"response\": \"c\"}\r\n\r\n \n")
    #expect(rollouts.map(\.id) == ["1", "2"])
    #expect(rollouts.map(\.response) == ["b", "c"])
  }

  @Test func limitLeavesTheRestUnread() throws {
    let text = #"{"prompt": "a", "response": "b"}"# + "\n" + #"{"prompt": "a", "response": "c"}"#
    var options = options
    options.limit = 2
    #expect(try read(text + "\nbroken", options).map(\.response) == ["b", "c"])
    options.limit = 3
    #expect(refusal(text + "\nbroken", options).hasPrefix("3: broken JSON"))
  }

  @Test func canonicallyEqualNamesStayApart() throws {
    let rollouts = try read(
      "{\"id\": \"\u{E9}\", \"prompt\": \"a\", \"response\": \"b\"}\n"
        + "{\"id\": \"e\u{301}\", \"prompt\": \"a\", \"response\": \"b\"}")
    #expect(rollouts.count == 2)
  }

  /// Lines longer than the reading chunk, and chunks that end anywhere in a line.
  @Test func longLinesAreReadWhole() throws {
    let long = String(repeating: "x", count: 3_000_000)
    let lines = (0..<5).map {
      "{\"prompt\": \"p\($0)\", \"response\": \"\($0 % 2 == 0 ? long : "y")\"}"
    }
    let rollouts = try read(lines.joined(separator: "\n"))
    #expect(rollouts.map { $0.responseTokens.count } == [3_000_000, 1, 3_000_000, 1, 3_000_000])
  }

  @Test func absentFilesAndFoldersAreRefused() throws {
    try withTemporaryDirectory { folder in
      let absent = #expect(throws: TaskFileError.self) {
        try RolloutReader.read(path: folder + "/none.jsonl", options: options)
      }
      #expect(
        absent?.description == folder + "/none.jsonl: no such file (expected a JSONL file)")
      #expect(absent?.kind == .input)
      let isFolder = #expect(throws: TaskFileError.self) {
        try RolloutReader.read(path: folder, options: options)
      }
      #expect(isFolder?.message == "a folder (expected a JSONL file)")
    }
  }
}
