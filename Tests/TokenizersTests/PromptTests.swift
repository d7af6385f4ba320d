import Foundation
import Jinja
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// The tokens that a policy saw before its response, from text.
@Suite struct PromptTests {
  /// A word-level tokenizer file would refuse post-processors, so these change a BPE file.
  private func tokenizer(_ fixture: TokenizerFixture, postProcessor: JSON?) throws -> Tokenizer {
    var file = try #require(try fixture.file().objectValue)
    file["post_processor"] = postProcessor ?? .null
    return try Tokenizer(json: Array(JSON.object(file).text().utf8))
  }

  private func configuration(_ json: JSON?) throws -> TokenizerConfiguration {
    try withTemporaryDirectory { folder in
      if let json {
        try Data(json.text().utf8).write(
          to: URL(fileURLWithPath: "\(folder)/tokenizer_config.json"))
      }
      return try TokenizerConfiguration(directory: folder)
    }
  }

  private func template(_ pieces: [String], ids: JSONObject) -> JSON {
    var tokens: JSONObject = [:]
    for (name, value) in ids.members { tokens[name] = ["id": .string(name), "ids": value] }
    return [
      "type": "TemplateProcessing",
      "single": .array(
        pieces.map {
          $0 == "A"
            ? ["Sequence": ["id": "A", "type_id": 0]]
            : ["SpecialToken": ["id": .string($0), "type_id": 0]]
        }), "special_tokens": .object(tokens),
    ]
  }

  @Test func aStartTokenIsPutBeforeATextOnce() throws {
    let tokenizer = try TokenizerFixture.llama.tokenizer()
    let start = try #require(tokenizer.id(of: "<|begin_of_text|>"))
    let none = try configuration(nil)
    let text = try tokenizer.encode("What is 2+2?")
    #expect(try tokenizer.encode(prompt: "What is 2+2?", none) == [start] + text)
    #expect(try tokenizer.encode(prompt: "<|begin_of_text|>What is 2+2?", none) == [start] + text)
    let qwen = try TokenizerFixture.qwen.tokenizer()
    #expect(try qwen.encode(prompt: "What?", none) == (try qwen.encode("What?")))
  }

  @Test func everyKindOfPostProcessorIsRead() throws {
    let none = try configuration(nil)
    let kinds: [(JSON?, [Int32])] = [
      (nil, []),
      (["type": "ByteLevel", "trim_offsets": true], []),
      (template(["x", "A"], ids: ["x": [5, 6]]), [5, 6]),
      (
        [
          "type": "Sequence",
          "processors": [["type": "ByteLevel"], template(["x", "A"], ids: ["x": [7]])],
        ], [7]
      ),
    ]
    for (kind, start) in kinds {
      let tokenizer = try tokenizer(.llama, postProcessor: kind)
      #expect(
        try tokenizer.encode(prompt: "a b", none) == start + (try tokenizer.encode("a b")))
    }
    let ending: [JSON] = [
      template(["A", "x"], ids: ["x": [5]]),
      ["type": "RobertaProcessing", "cls": ["x", 5], "sep": ["y", 6]],
    ]
    for kind in ending {
      let tokenizer = try tokenizer(.llama, postProcessor: kind)
      let error = #expect(throws: TokenizerError.self) { try tokenizer.encode(prompt: "a", none) }
      #expect(error?.message.contains("behind every text (expected prompt_ids") == true)
    }
    let broken: [JSON] = [
      ["type": "Strange"], template(["x"], ids: ["x": [5]]), template(["x", "A"], ids: [:]),
      ["type": "BertProcessing", "cls": "x", "sep": ["y", 6]],
    ]
    for kind in broken {
      #expect(throws: TokenizerError.self) { try tokenizer(.llama, postProcessor: kind) }
    }
  }

  /// transformers 5.24 follows `tokenizer.json`, earlier versions follow the settings in some classes.
  @Test func settingsThatContradictThePostProcessorAreRefused() throws {
    let tokenizer = try TokenizerFixture.llama.tokenizer()
    let text = try tokenizer.encode("a b")
    let start = try #require(tokenizer.id(of: "<|begin_of_text|>"))
    let alike = try configuration(["add_bos_token": true, "bos_token": "<|begin_of_text|>"])
    #expect(try tokenizer.encode(prompt: "a b", alike) == [start] + text)
    let refused: [JSON] = [
      ["add_bos_token": false, "bos_token": "<|begin_of_text|>"],
      ["add_bos_token": true, "bos_token": "<|eot_id|>"],
      ["add_eos_token": true, "eos_token": "<|eot_id|>"],
    ]
    for settings in refused {
      let error = #expect(throws: TokenizerError.self) {
        try tokenizer.encode(prompt: "a b", configuration(settings))
      }
      #expect(error?.message.contains("contradict the post_processor") == true)
    }
    let qwen = try TokenizerFixture.qwen.tokenizer()
    let off = try configuration(["add_bos_token": false])
    #expect(try qwen.encode(prompt: "a b", off) == (try qwen.encode("a b")))
  }

  @Test func padsStayBeforeTheStartToken() throws {
    let tokenizer = try TokenizerFixture.llama.tokenizer()
    let ids = ["<|eot_id|>", "<|begin_of_text|>"].compactMap(tokenizer.id(of:))
    let pads = try configuration(["pad_token": "<|eot_id|>", "bos_token": "<|begin_of_text|>"])
    let text = try tokenizer.encode("a b")
    for start in ["", "<|begin_of_text|>"] {
      #expect(
        try tokenizer.encode(prompt: "<|eot_id|><|eot_id|>\(start)a b", pads)
          == [ids[0], ids[0], ids[1]] + text)
    }
    // A pad that is the start token is no pad here.
    let same = try configuration(["pad_token": "<|begin_of_text|>"])
    #expect(try tokenizer.encode(prompt: "<|begin_of_text|>a b", same) == [ids[1]] + text)
    #expect(tokenizer.startTokens(pads) == [ids[1]])
    #expect(try TokenizerFixture.qwen.tokenizer().startTokens(configuration(nil)) == nil)
    #expect(
      try TokenizerFixture.qwen.tokenizer().startTokens(configuration(["bos_token": nil])) == [])
  }

  // MARK: - Prompts decoded without special tokens

  private static let chatML = #"""
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}
    {%- endif %}
    {%- for message in messages if message.role != 'system' %}
        {{- '<|im_start|>' + message.role + '\n' + message.content|trim + '<|im_end|>\n' }}
    {%- endfor %}
    {{- '<|im_start|>assistant\n' }}
    """#

  private func restored(_ text: String, _ template: String = chatML) throws -> String? {
    let tokenizer = try TokenizerFixture.qwen.tokenizer()
    let prompt = DecodedPrompt(tokenizer: tokenizer, template: try ChatTemplate(template))
    return try prompt.tokens(restoredFrom: text).map { try tokenizer.decode($0) }
  }

  @Test func marksAreRestoredFromTheTemplate() throws {
    let system = "<|im_start|>system\nYou are helpful.<|im_end|>\n"
    #expect(
      try restored("system\nYou are helpful.\nuser\nWhat is 7 times 8?\nassistant\n")
        == system + "<|im_start|>user\nWhat is 7 times 8?<|im_end|>\n<|im_start|>assistant\n")
    #expect(
      try restored("system\nBe brief.\nuser\nÜnï 数\n\nTwo lines.\nassistant\n")
        == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nÜnï 数\n\nTwo lines.<|im_end|>\n"
        + "<|im_start|>assistant\n")
    // Text with its marks is complete.
    #expect(try restored(system + "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n") == nil)
    // A template without special tokens loses none.
    #expect(try restored("anything", "User: {{ messages[0].content }}\nAssistant:") == nil)
  }

  @Test func textThatNoConversationGivesIsRefused() throws {
    let refused = [
      "What is 7 times 8?",
      "user\nWhat is 7 times 8?\nassistant\n",
      "system\nYou are helpful.\nuser\nWhat?\nassistant\n<think>",
      "system\nYou are helpful.\nuser\n padded \nassistant\n",
      "system\nYou are helpful.\nuser\nq\nassistant\na\nuser\nr\nassistant\nx",
    ]
    for text in refused {
      let error = #expect(throws: TokenizerError.self, "\(text)") { try restored(text) }
      #expect(error?.message.contains("no conversation gives it (expected prompt_ids") == true)
    }
    // Which "user" opens the turn?
    let error = #expect(throws: TokenizerError.self) {
      try restored("system\na\nuser\nb\nuser\nc\nassistant\n")
    }
    #expect(error?.message.contains("more than one conversation gives it") == true)
  }

  /// Another conversation, of several turns, decodes to the same text.
  @Test func textThatMayBeSeveralTurnsIsRefused() throws {
    let plain = ChatTemplateTests.chatML
    let refused = [
      ("user\nHi\nassistant\nHello\nuser\nBye\nassistant\n", plain),
      ("user\nHi\nassistant\nA\nuser\nB\nassistant\nC\nuser\nD\nassistant\n", plain),
      ("system\ns\nuser\nHi\nassistant\nHello\nuser\nBye\nassistant\n", Self.chatML),
      ("user\nHi\nassistant\nHello\nuser\nBye\nassistant\n", ChatTemplateTests.qwen3),
    ]
    for (text, template) in refused {
      let error = #expect(throws: TokenizerError.self, "\(text)") { try restored(text, template) }
      #expect(error?.message.contains("more than one conversation gives it") == true)
    }
    // The words alone, or without the next turn, are no turns.
    for text in ["The user said: assistant, user", "user\nx\nassistant\ny", "a\nassistant\nb"] {
      #expect(
        try restored("user\n\(text)\nassistant\n", plain)
          == "<|im_start|>user\n\(text)<|im_end|>\n<|im_start|>assistant\n")
    }
  }

  /// DeepSeek's templates write a system turn before the user's mark, with nothing between.
  @Test func aSystemTurnThatIsFoldedIntoTheTextIsRefused() throws {
    let folded = #"""
      {%- for message in messages if message.role == 'system' %}{{ message.content }}{% endfor -%}
      {%- for message in messages if message.role != 'system' -%}
        {%- if message.role == 'user' %}{{ '<|im_start|>' + message.content }}
        {%- else %}{{ '<|im_end|>' + message.content + '<|im_end|>' }}{% endif -%}
      {%- endfor %}{{ '<|im_end|>' }}
      """#
    let error = #expect(throws: TokenizerError.self) { try restored("Be brief.What is 7?", folded) }
    #expect(error?.message.contains("more than one conversation gives it") == true)
    // Marks that are no special tokens stay in the text.
    let kept = folded.replacing("'<|im_start|>'", with: "'<think>'")
    #expect(
      try restored("Be brief.<think>What is 7?", kept) == "Be brief.<think>What is 7?<|im_end|>")
    #expect(try restored("<think>What is 7?", kept) == "<think>What is 7?<|im_end|>")
  }

  /// What the template wrote has its start token, or none.
  @Test func aRenderedPromptGetsNoStartToken() throws {
    let tokenizer = try TokenizerFixture.llama.tokenizer()
    let start = try #require(tokenizer.id(of: "<|begin_of_text|>"))
    let template = "{{ messages[0].content }}<|eot_id|>"
    func tokens(_ text: String, _ template: String) throws -> [Int32] {
      try DecodedPrompt(tokenizer: tokenizer, template: ChatTemplate(template)).tokens(of: text)
    }
    #expect(try tokens("q<|eot_id|>", template) == (try tokenizer.encode("q<|eot_id|>")))
    #expect(try tokens("q", template) == (try tokenizer.encode("q<|eot_id|>")))
    let starting = "<|begin_of_text|>" + template
    #expect(try tokens("q", starting) == [start] + (try tokenizer.encode("q<|eot_id|>")))
    // A template without special tokens.
    #expect(try tokens("Q: q", "Q: {{ messages[0].content }}") == (try tokenizer.encode("Q: q")))
  }
}
