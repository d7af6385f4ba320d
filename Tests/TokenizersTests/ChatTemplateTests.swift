import Foundation
import Jinja
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// The templates that checkpoints bring, run as transformers does.
@Suite struct ChatTemplateTests {
  /// ChatML in one line, as many fine-tuned models have it.
  static let chatML =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
    + "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
  /// The same with a system turn where there is none, in Qwen 2.5's style.
  static let withSystem = #"""
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>system\nReason, then \\boxed{}.<|im_end|>\n' }}
    {%- endif %}
    {%- for message in messages %}
        {%- if message.role == "user" or (message.role == "system" and not loop.first) %}
            {{- "<|im_start|>" + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
        {%- endif %}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
    {%- endif %}
    """#
  /// In Qwen 3's style: earlier thoughts are left out, and the next can be switched off.
  static let qwen3 = #"""
    {%- for message in messages %}
        {%- set content = message.content %}
        {%- if message.role == "assistant" and '</think>' in content %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
        {%- if enable_thinking is defined and enable_thinking is false %}
            {{- '<think>\n\n</think>\n\n' }}
        {%- endif %}
    {%- endif %}
    """#
  private static func turns(_ turns: (String, String)...) -> [JSONObject] {
    turns.map { ["role": .string($0.0), "content": .string($0.1)] }
  }
  private static let turns = turns(
    ("user", " One? "), ("assistant", "<think>\nhm\n</think>\n\nTwo."), ("user", "Sure?\n"))

  @Test func chatMLWritesEveryTurnAsItIs() throws {
    let template = try ChatTemplate(Self.chatML)
    #expect(
      try template.prompt(Self.turns)
        == "<|im_start|>user\n One? <|im_end|>\n<|im_start|>assistant\n<think>\nhm\n</think>\n\nTwo."
        + "<|im_end|>\n<|im_start|>user\nSure?\n<|im_end|>\n<|im_start|>assistant\n")
    #expect(!template.hasThinkingSwitch)
  }

  @Test func aDefaultSystemTurnStandsInFrontUnlessThereIsOne() throws {
    let template = try ChatTemplate(Self.withSystem)
    let end = "<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\n"
    #expect(
      try template.prompt(Self.turns(("user", "")))
        == "<|im_start|>system\nReason, then \\boxed{}.<|im_end|>\n" + end)
    #expect(
      try template.prompt(Self.turns(("system", "Be brief."), ("user", "")))
        == "<|im_start|>system\nBe brief.<|im_end|>\n" + end)
  }

  @Test func argumentsReachTheTemplate() throws {
    let template = try ChatTemplate(Self.qwen3)
    let text =
      "<|im_start|>user\n One? <|im_end|>\n<|im_start|>assistant\nTwo.<|im_end|>\n"
      + "<|im_start|>user\nSure?\n<|im_end|>\n<|im_start|>assistant\n"
    #expect(try template.prompt(Self.turns) == text)
    #expect(
      try template.prompt(Self.turns, arguments: ["enable_thinking": false])
        == text + "<think>\n\n</think>\n\n")
    #expect(template.hasThinkingSwitch)
  }

  /// Templates that differ from a well-known one by a word are rendered as they are.
  @Test func openingsOfTheAnswerAreTheTemplatesOwn() throws {
    let question = "<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n"
    let prefills = ["<think>\\n", "Let me think.", "<think>\\n\\n</think>\\n\\n"]
    for prefill in prefills {
      let variants = [
        Self.chatML.replacingOccurrences(of: "assistant\\n'", with: "assistant\\n\(prefill)'"),
        Self.chatML.replacingOccurrences(of: "assistant\\n'", with: "assistant\\n' + '\(prefill)'"),
        Self.chatML.replacingOccurrences(
          of: "assistant\\n' }}", with: "assistant\\n' }}{{ \"\(prefill)\" }}"),
      ]
      for variant in variants {
        #expect(
          try ChatTemplate(variant).prompt(Self.turns(("user", "?")))
            == question + prefill.replacingOccurrences(of: "\\n", with: "\n"))
      }
    }
    // Thinking is off unless asked for.
    let off = Self.qwen3.replacingOccurrences(
      of: "enable_thinking is defined and enable_thinking is false",
      with: "enable_thinking is not defined or enable_thinking is false")
    #expect(
      try ChatTemplate(off).prompt(Self.turns(("user", "?"))) == question
        + "<think>\n\n</think>\n\n")
    #expect(
      try ChatTemplate(off).prompt(Self.turns(("user", "?")), arguments: ["enable_thinking": true])
        == question)
    // System turns are left out.
    let skips = "{% for message in messages if message.role != 'system' %}"
    #expect(
      try ChatTemplate(
        Self.chatML.replacingOccurrences(of: "{% for message in messages %}", with: skips)
      ).prompt(Self.turns(("system", "s"), ("user", "?"))) == question)
  }

  @Test func toolsHaveATemplateOfTheirOwnWhereThereIsOne() throws {
    try withTemporaryDirectory { folder in
      let templates: JSON = [
        "chat_template": [
          [
            "name": "tool_use",
            "template": "{{ tools|length }}{{ eos_token }}{{ messages[0].content }}",
          ],
          ["name": "default", "template": "{{ messages[0].content }}"],
        ], "eos_token": ["content": "</s>"],
      ]
      try Data(templates.text().utf8).write(
        to: URL(fileURLWithPath: "\(folder)/tokenizer_config.json"))
      let template = try ChatTemplate(directory: folder)
      #expect(try template.prompt(Self.turns(("user", "q"))) == "q")
      #expect(try template.prompt(Self.turns(("user", "q")), tools: [["name": "f"]]) == "1</s>q")
    }
  }

  /// transformers 5 saves further templates in a folder of their own.
  @Test func furtherTemplatesStandInTheirFolder() throws {
    try withTemporaryDirectory { folder in
      let more = folder + "/additional_chat_templates"
      try FileManager.default.createDirectory(atPath: more, withIntermediateDirectories: false)
      func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(path)"))
      }
      try write("{{ tools|length }}", "additional_chat_templates/tool_use.jinja")
      // Without chat_template.jinja it is not clear which one is the default.
      try write(#"{"chat_template": "q"}"#, "tokenizer_config.json")
      #expect(throws: TokenizerError.self) { try ChatTemplate(directory: folder) }
      try write("q", "chat_template.jinja")
      let template = try ChatTemplate(directory: folder)
      #expect(try template.prompt(Self.turns(("user", "?"))) == "q")
      #expect(try template.prompt(Self.turns(("user", "?")), tools: [["name": "f"]]) == "1")
      try write("d", "additional_chat_templates/default.jinja")
      #expect(throws: TokenizerError.self) { try ChatTemplate(directory: folder) }
    }
  }

  @Test func nullMembersAreLeftOutAndThoughtsHaveOneName() throws {
    let template = try ChatTemplate("{{ messages[0]|tojson }}")
    #expect(
      try template.prompt([["role": "user", "content": "q", "name": nil, "thinking": "hm"]])
        == #"{"role": "user", "content": "q", "thinking": "hm", "reasoning_content": "hm"}"#)
    #expect(
      try template.prompt([["role": "user", "reasoning": "hm"]])
        == #"{"thinking": "hm", "role": "user", "reasoning": "hm", "reasoning_content": "hm"}"#)
  }

  @Test func specialTokensAreKnownNoneOrRefused() throws {
    try withTemporaryDirectory { (folder) throws in
      func text(_ files: [String: String]) throws -> String {
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
          let file = URL(fileURLWithPath: "\(folder)/\(name)")
          try? FileManager.default.removeItem(at: file)
          if let text = files[name] { try Data(text.utf8).write(to: file) }
        }
        try Data("{{ bos_token }}:{{ messages[0].content }}".utf8).write(
          to: URL(fileURLWithPath: "\(folder)/chat_template.jinja"))
        return try ChatTemplate(directory: folder).prompt(Self.turns(("user", "q")))
      }
      #expect(try text(["tokenizer_config.json": #"{"bos_token": "<s>"}"#]) == "<s>:q")
      #expect(try text(["tokenizer_config.json": #"{"bos_token": {"content": "<s>"}}"#]) == "<s>:q")
      #expect(try text(["special_tokens_map.json": #"{"bos_token": "<s>"}"#]) == "<s>:q")
      #expect(try text(["tokenizer_config.json": #"{"bos_token": null}"#]) == ":q")
      let error = #expect(throws: TokenizerError.self) { try text([:]) }
      #expect(error?.message.contains("reads bos_token, which") == true)
    }
  }

  @Test func whatCannotBeRenderedIsRefusedByName() throws {
    let cases: [(String, [JSONObject], String)] = [
      (Self.chatML, [], "there are no messages (expected at least one)"),
      (
        Self.chatML, Self.turns(("user", "?"), ("assistant", "!")),
        "the last message is of \"assistant\" (expected the user's: the response is the answer to it)"
      ),
      (
        "{{ raise_exception('Roles must alternate') }}", Self.turns(("user", "?")),
        "chat template, line 1: the template refuses this: Roles must alternate (expected prompt_ids, "
          + "or a prompt that is rendered already)"
      ),
      (
        "{{ strftime_now('%d') }}", Self.turns(("user", "?")),
        "chat template, line 1: the template writes today's date, and no date is given (expected "
          + "a date, which --template-date gives, prompt_ids, or a prompt that is rendered already)"
      ),
    ]
    for (template, turns, message) in cases {
      let error = #expect(throws: TokenizerError.self) { try ChatTemplate(template).prompt(turns) }
      #expect(error?.description == message)
    }
    #expect(throws: TokenizerError.self) { try ChatTemplate("{% if %}") }
    #expect(
      try ChatTemplate("{{ strftime_now('%d') }}").prompt(
        Self.turns(("user", "?")), now: CalendarTime("2024-07-26")) == "26")
  }

  @Test func foldersHaveTheirTemplateInOneOfTwoFiles() throws {
    try withTemporaryDirectory { folder in
      func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      func message() -> String? {
        #expect(throws: TokenizerError.self) { try ChatTemplate(directory: folder) }?.description
      }
      func text() throws -> String {
        try ChatTemplate(directory: folder).prompt(Self.turns(("user", "?")))
      }
      #expect(message()?.hasPrefix("\(folder): no chat template (expected") == true)
      let configuration = "tokenizer_config.json"
      try write("{}", configuration)
      #expect(message()?.hasPrefix("\(folder): no chat template (expected") == true)
      try write("{", configuration)
      #expect(message()?.hasPrefix("\(folder)/\(configuration): broken JSON") == true)
      try write(#"{"chat_template": 7}"#, configuration)
      #expect(message()?.contains("chat_template is 7 (expected text") == true)
      try write(JSON.object(["chat_template": "a{{ messages[0].content }}"]).text(), configuration)
      #expect(try text() == "a?")
      try write("b{{ messages[0].content }}\n", "chat_template.jinja")
      #expect(try text() == "b?")
      try write("{{ 1 +", "chat_template.jinja")
      #expect(message()?.hasPrefix("\(folder)/chat_template.jinja: chat template, line 1:") == true)
      try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: "\(folder)/chat_template.jinja"))
      #expect(message()?.contains("is not UTF-8") == true)
    }
  }
}
