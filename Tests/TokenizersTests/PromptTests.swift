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

  @Test func theConfigurationReplacesThePostProcessor() throws {
    let tokenizer = try TokenizerFixture.llama.tokenizer()
    let text = try tokenizer.encode("a b")
    let end = try #require(tokenizer.id(of: "<|eot_id|>"))
    let off = try configuration(["add_bos_token": false, "bos_token": "<|begin_of_text|>"])
    #expect(try tokenizer.encode(prompt: "a b", off) == text)
    let other = try configuration(["add_bos_token": true, "bos_token": "<|eot_id|>"])
    #expect(try tokenizer.encode(prompt: "a b", other) == [end] + text)
    let ends = try configuration(["add_eos_token": true, "eos_token": "<|eot_id|>"])
    #expect(throws: TokenizerError.self) { try tokenizer.encode(prompt: "a b", ends) }
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
}
