import Foundation
import StrictJSON
import Tasks
import TestSupport
import Testing

/// A token for every byte of the text; turns are joined by their roles' first letters.
struct ByteEncoder: RolloutEncoder {
  func encode(prompt: Prompt) throws -> [Int32] {
    switch prompt {
    case .text(let text): return text.utf8.map(Int32.init)
    case .decoded(let text): return "d:\(text)".utf8.map(Int32.init)
    case .messages(let conversation):
      return conversation.messages.flatMap { message in
        let (role, content) = (message["role"]?.stringValue, message["content"]?.stringValue)
        return "\((role ?? "").prefix(1)):\(content ?? "")".utf8.map { Int32($0) }
      }
    }
  }

  func encode(response: String) throws -> [Int32] {
    if response == "unknown" { throw CancellationError() }
    return response == "nothing" ? [] : response.utf8.map(Int32.init)
  }
}

@Suite struct RolloutReaderTests {
  let options = RolloutReader.Options(vocabularySize: 256, encoder: ByteEncoder())

  private func read(
    _ text: String, _ options: RolloutReader.Options? = nil
  ) throws -> [Rollout] {
    try read(bytes: Array(text.utf8), options)
  }

  private func read(
    bytes: [UInt8], _ options: RolloutReader.Options? = nil
  ) throws -> [Rollout] {
    try withTemporaryDirectory { folder in
      let path = folder + "/rollouts.jsonl"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        return try RolloutReader.read(path: path, options: options ?? self.options)
      } catch let error as TaskFileError {
        #expect(error.path == path)
        #expect(!error.description.contains("\n"))
        #expect(error.description.hasPrefix(path + ":\(error.line ?? 0): "))
        throw error
      }
    }
  }

  /// The line and the message of the refusal of a file.
  private func refusal(
    _ text: String, _ options: RolloutReader.Options? = nil
  ) -> String {
    do {
      let rollouts = try read(text, options)
      return "\(rollouts.count) rollouts"
    } catch let error as TaskFileError {
      return "\(error.line ?? 0): \(error.message)"
    } catch {
      return "\(error)"
    }
  }

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

  @Test func groundTruthsAreNumbersStringsOrListsOfOne() throws {
    let values = [
      ("7", "7"), ("2.50", "2.5"), ("56.0", "56.0"), (#""x""#, "x"), ("[8]", "8"), (#"["y"]"#, "y"),
    ]
    for (value, answer) in values {
      let rollouts = try read(#"{"input": "q", "output": "r", "gts": \#(value)}"#)
      #expect(rollouts[0].answer == answer, "\(value)")
    }
    // Beside a reward nothing needs an answer.
    #expect(
      try read(#"{"input": "q", "output": "r", "score": 1, "gts": {"a": 1}}"#)[0].answer == nil)
    #expect(
      refusal(#"{"input": "q", "output": "r", "gts": ["1", "2"]}"#)
        == "1: gts is an array of 2 (expected one answer: a string or a number)")
    #expect(
      refusal(#"{"input": "q", "output": "r", "gts": {"a": 1}}"#)
        == "1: gts is an object (expected one answer: a string or a number)")
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

  @Test func turnsKeepEveryFieldThatATemplateMayRead() throws {
    struct Echo: RolloutEncoder {
      func encode(prompt: Prompt) throws -> [Int32] {
        guard case .messages(let conversation) = prompt else { return [] }
        let text = JSON.array(
          conversation.messages.map(JSON.object)
            + [conversation.tools ?? .null, .object(conversation.arguments)]
        ).text()
        return text.utf8.map(Int32.init)
      }
      func encode(response: String) throws -> [Int32] { [1] }
    }
    let options = RolloutReader.Options(vocabularySize: 256, encoder: Echo())
    func seen(_ line: String) throws -> JSON {
      try JSON.parse(try read(line, options)[0].promptTokens.map { UInt8($0) })
    }
    let line =
      #"{"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}], "content": null}, "#
      + #"{"role": "tool", "content": "3", "name": "f"}], "response": "r", "#
      + #""tools": "[{\"name\": \"f\"}]", "chat_template_kwargs": {"enable_thinking": false}}"#
    #expect(
      try seen(line) == [
        ["role": "assistant", "tool_calls": [["id": "1"]], "content": nil],
        ["role": "tool", "content": "3", "name": "f"], [["name": "f"]],
        ["enable_thinking": false],
      ])
    let refusals = [
      (
        #"{"prompt": "q", "response": "r", "tools": [{"name": "f"}]}"#,
        "1: tools with a prompt that is text (expected messages, or prompt_ids)"
      ),
      (
        #"{"messages": [{"role": "user", "content": "q"}], "response": "r", "#
          + #""chat_template_kwargs": {"max_length": 5}}"#,
        "1: chat_template_kwargs has max_length, which is no variable of a template (expected none)"
      ),
      (
        #"{"prompt": "q", "response": "r", "chat_template_kwargs": {"a": 1}}"#,
        "1: chat_template_kwargs with a prompt that is text (expected messages, or prompt_ids)"
      ),
      (
        #"{"messages": [{"role": "user", "content": "q"}], "response": "r", "tools": [1]}"#,
        "1: tools is an array of 1 (expected an array of objects)"
      ),
    ]
    for (line, message) in refusals { #expect(refusal(line, options) == message) }
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

  @Test func padsBeforeAPromptAreLeftOutAndCounted() throws {
    func tokens(_ prompt: [Int32], start: Set<Int32>) throws -> ([Int32], Int) {
      try withTemporaryDirectory { folder in
        let path = folder + "/rollouts.jsonl"
        try Data(#"{"prompt_ids": \#(prompt), "response_ids": [8]}"#.utf8)
          .write(to: URL(fileURLWithPath: path))
        var options = RolloutReader.Options(vocabularySize: 10)
        options.endTokens = [0]
        options.padToken = 0
        options.startTokens = start
        var reader = try RolloutReader(path: path, options: options)
        let rollout = try #require(try reader.next())
        var prompts = try PromptReader(
          path: path, bytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))), options: options
        )
        #expect(try prompts.next() == rollout.promptTokens)
        #expect(prompts.padding == reader.promptPadding && reader.padding.tokens == 0)
        #expect(reader.promptPadding.prompts == (reader.promptPadding.tokens > 0 ? 1 : 0))
        return (rollout.promptTokens, reader.promptPadding.tokens)
      }
    }
    #expect(try tokens([0, 0, 1, 5, 0], start: [1]) == ([1, 5, 0], 2))
    #expect(try tokens([0, 5], start: []) == ([5], 1))
    #expect(try tokens([0], start: []) == ([0], 0))
    // A pad that starts prompts too.
    #expect(try tokens([0, 5], start: [0]) == ([0, 5], 0))
    let error = #expect(throws: TaskFileError.self) { try tokens([0, 0, 5], start: [0, 1]) }
    #expect(
      error?.message
        == "the prompt begins with 2 times token 0, which pads batches and also starts prompts "
        + "(expected prompt_ids without pads)")
  }

  @Test func promptsAloneAreReadAsInOtherCommands() throws {
    func read(_ text: String) throws -> [[Int32]] {
      var reader = try PromptReader(path: "in", bytes: Array(text.utf8), options: options)
      var prompts: [[Int32]] = []
      while let prompt = try reader.next() { prompts.append(prompt) }
      return prompts
    }
    #expect(
      try read(
        "\u{FEFF}{\"prompt_ids\": [1, 2], \"prompt\": \"a\"}\r\n{\"input\": \"a\"}\n\n")
        == [[1, 2], [100, 58, 97]])
    #expect(try read("") == [])
    for (text, message) in [
      ("{}", "in:1: no prompt (expected prompt, messages or prompt_ids)"),
      (
        "{\"prompt\": \"a\"}\n{\"prompt_ids\": [256]}",
        "in:2: prompt_ids[0] is 256 (expected a token id"
      ),
      ("\u{1F}\u{8B}", "in:1: broken JSON"),
    ] {
      let error = #expect(throws: TaskFileError.self) { try read(text) }
      #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }
  }

  @Test func turnsMayBeTheirJSONText() throws {
    for key in ["prompt", "messages"] {
      let line = #"{"\#(key)": "[{\"role\": \"user\", \"content\": \"q\"}]", "response": "r"}"#
      #expect(try read(line)[0].promptTokens == [117, 58, 113])
      #expect(try read(line)[0].prompt == nil)
      #expect(
        refusal(#"{"\#(key)": "[{'role': 'user', 'content': 'q'}]", "response": "r"}"#)
          == "1: \(key) is a list in Python's notation (expected a list of turns, or its JSON)")
    }
    // Other JSON is a prompt as any text is.
    for text in ["[1, 2]", #"[{\"a\": 1}]"#, "[]", #"{\"role\": \"user\"}"#] {
      let seen = try read(#"{"prompt": "\#(text)", "response": "r"}"#)[0]
      #expect(seen.prompt?.utf8.map(Int32.init) == seen.promptTokens)
      #expect(
        refusal(#"{"messages": "\#(text)", "response": "r"}"#).hasSuffix(
          "(expected a list of turns)"))
    }
    #expect(
      refusal(#"{"messages": {"role": "user"}, "response": "r"}"#)
        == "1: messages is an object (expected a list of turns)")
    // Beside ids the text says nothing.
    #expect(
      try read(#"{"prompt": "[{'role': 1}]", "prompt_ids": [7], "response": "r"}"#).count == 1)
  }

  @Test func groundTruthsThatAreListsInTextAreLists() throws {
    let values = [
      (#""[\"42\"]""#, "42"), (#""['4 2']""#, "4 2"), ("[3]", "3"), (#""[3]""#, "[3]"),
      (#""[a, b]""#, "[a, b]"), (#""{\"a\": 1}""#, #"{"a": 1}"#), (#"["x"]"#, "x"),
    ]
    for (value, answer) in values {
      for key in ["gts", "answer"] {
        let rollouts = try read(#"{"prompt": "q", "output": "r", "\#(key)": \#(value)}"#)
        #expect(rollouts[0].answer == answer, "\(key) \(value)")
      }
    }
    for value in [#""""#, #"" ""#] {
      for key in ["gts", "answer"] {
        #expect(try read(#"{"prompt": "q", "output": "r", "\#(key)": \#(value)}"#)[0].answer == nil)
      }
    }
    for value in [
      #""[\"1\", \"2\"]""#, #""['1', '2']""#, #""[]""#, "[]", "true", #"[""]"#, #""['']""#,
    ] {
      #expect(
        refusal(#"{"prompt": "q", "output": "r", "gts": \#(value)}"#)
          .hasSuffix("(expected one answer: a string or a number)"), "\(value)")
      #expect(
        try read(#"{"prompt": "q", "output": "r", "score": 1, "gts": \#(value)}"#)[0].answer == nil)
      #expect(
        refusal(#"{"prompt": "q", "output": "r", "answer": \#(value)}"#).contains("(expected "),
        "\(value)")
    }
  }

  @Test func answersKeepTheDigitsOfTheirNumbers() throws {
    let values = [
      ("12345678901234567890123", "12345678901234567890123"),
      ("-98765432109876543210", "-98765432109876543210"),
      ("0.1234567890123456789012", "0.1234567890123456789012"), ("1.50", "1.5"), ("-0", "0"),
      ("0.10", "0.1"), ("1e2", "100.0"), ("100000000000000000000", "1e+20"), ("1E-400", "1E-400"),
      ("9223372036854775807", "9223372036854775807"),
    ]
    for (value, answer) in values {
      for value in [value, "[\(value)]"] {
        let line = #"{"prompt": "q", "output": "r", "gts": \#(value)}"#
        #expect(try read(line)[0].answer == answer, "\(value)")
      }
    }
  }

  /// Python's integers have any size, and -0 is 0.
  @Test func numbersOfTurnsAreThoseThatATemplateWrites() throws {
    struct Echo: RolloutEncoder {
      func encode(prompt: Prompt) throws -> [Int32] {
        guard case .messages(let conversation) = prompt else { return [] }
        let value = conversation.messages[0]["tool_calls"] ?? .null
        return JSON.array([value, .object(conversation.arguments)]).text().utf8.map(Int32.init)
      }
      func encode(response: String) throws -> [Int32] { [1] }
    }
    let options = RolloutReader.Options(vocabularySize: 256, encoder: Echo())
    func line(_ value: String, _ more: String = "") -> String {
      #"{"messages": [{"role": "user", "content": "q", "tool_calls": [\#(value)]}], "#
        + #""response": "r"\#(more)}"#
    }
    func seen(_ line: String) throws -> String {
      String(decoding: try read(line, options)[0].promptTokens.map { UInt8($0) }, as: UTF8.self)
    }
    #expect(try seen(line("-0, -0.0, 0.5")) == "[[0,-0.0,0.5],{}]")
    #expect(
      refusal(line("1, {\"a\": 12345678901234567890123}"), options)
        == "1: messages[0].tool_calls[1].a is \"12345678901234567890123\" (expected integers of at most "
        + "64 bits)")
    // Keys beside messages by which apply_chat_template passes variables.
    let more = #", "documents": [{"title": "t"}], "enable_thinking": false"#
    #expect(
      try seen(line("", more)) == #"[[],{"documents":[{"title":"t"}],"enable_thinking":false}]"#)
    #expect(
      refusal(line("", more + #", "chat_template_kwargs": {"enable_thinking": true}"#), options)
        == "1: enable_thinking is false, and chat_template_kwargs says otherwise (expected one of them)"
    )
    #expect(
      refusal(line("", #", "add_generation_prompt": false"#), options)
        == "1: add_generation_prompt is false beside messages (expected true: the response answers the last "
        + "turn)")
    #expect(
      refusal(line("", #", "continue_final_message": true"#), options).contains("(expected false"))
  }

  @Test func promptsThatNobodyNeedsAreNotEncoded() throws {
    var options = RolloutReader.Options(vocabularySize: 4)
    options.encodesPrompts = false
    let rollouts = try read(
      """
      {"input": "q", "response_ids": [1]}
      {"prompt": "p", "response_ids": [1]}
      {"prompt": "q", "response_ids": [1]}
      {"prompt_ids": [2], "response_ids": [1]}
      """, options)
    #expect(rollouts.map(\.problemID) == ["prompt-1", "prompt-2", "prompt-1", "prompt-4"])
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
