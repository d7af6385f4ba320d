// The prompts of rollout files: turns, pads, numbers.
import Foundation
import StrictJSON
import Tasks
import TestSupport
import Testing

@Suite struct RolloutPromptTests: RolloutReading {
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
}
