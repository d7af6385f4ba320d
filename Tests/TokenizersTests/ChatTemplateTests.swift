import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// Built-in chat templates, recognised in what checkpoints bring.
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
  /// The parts of Qwen 3's by which it is recognised.
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
  static let llama3 =
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    + "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
    + "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
    + "{% endfor %}{% if add_generation_prompt %}"
    + "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
  /// Llama 3.1's, which says what day it is.
  static let dated = #"""
    {{- bos_token }}
    {%- if not date_string is defined %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
    {%- if messages[0]['role'] == 'system' %}
        {%- set system_message = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {%- set system_message = "" %}
    {%- endif %}

    {#- What is known, and when #}
    {{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
    {{- "Cutting Knowledge Date: December 2023\n" }}
    {{- "Today Date: " + date_string + "\n\n" }}
    {{- system_message }}
    {{- "<|eot_id|>" }}
    {%- for message in messages %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
    {%- endif %}
    """#

  private static let turns: [ChatTemplate.Turn] = [
    ("user", " One? "), ("assistant", "<think>\nhm\n</think>\n\nTwo."), ("user", "Sure?\n"),
  ]

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
      try template.prompt([("user", "")])
        == "<|im_start|>system\nReason, then \\boxed{}.<|im_end|>\n" + end)
    #expect(
      try template.prompt([("system", "Be brief."), ("user", "")])
        == "<|im_start|>system\nBe brief.<|im_end|>\n" + end)
  }

  @Test func qwen3DropsEarlierThoughtsAndSwitchesTheNextOff() throws {
    let template = try ChatTemplate(Self.qwen3)
    let text =
      "<|im_start|>user\n One? <|im_end|>\n<|im_start|>assistant\nTwo.<|im_end|>\n"
      + "<|im_start|>user\nSure?\n<|im_end|>\n<|im_start|>assistant\n"
    #expect(try template.prompt(Self.turns) == text)
    #expect(try template.prompt(Self.turns, thinking: false) == text + "<think>\n\n</think>\n\n")
    #expect(template.hasThinkingSwitch)
  }

  @Test func llama3TrimsWhatIsSaid() throws {
    let header = { (role: String) in "<|start_header_id|>\(role)<|end_header_id|>\n\n" }
    let turns =
      header("user") + "One?<|eot_id|>" + header("assistant")
      + "<think>\nhm\n</think>\n\nTwo.<|eot_id|>" + header("user") + "Sure?<|eot_id|>"
      + header("assistant")
    #expect(try ChatTemplate(Self.llama3).prompt(Self.turns) == "<|begin_of_text|>" + turns)
    let dates = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
    let dated = try ChatTemplate(Self.dated)
    #expect(
      try dated.prompt(Self.turns)
        == "<|begin_of_text|>" + header("system") + dates + "<|eot_id|>" + turns)
    #expect(
      try dated.prompt([("system", "\u{A0}Be brief.\n"), ("user", "?")])
        == "<|begin_of_text|>" + header("system") + dates + "Be brief.<|eot_id|>" + header("user")
        + "?<|eot_id|>" + header("assistant"))
  }

  @Test func whiteSpaceThatJinjaDropsMakesNoOtherTemplate() throws {
    let lines = #"""
      {# one turn after the other #}
        {% for message in messages %}
      {{ "<|im_start|>" + message.role + "\n" + message['content'] + '<|im_end|>\n' -}}
      {% endfor %}
      {%- if add_generation_prompt -%}
          {{ '<|im_start|>assistant\n' -}}
      {% endif %}

      """#
    #expect(try ChatTemplate(lines) == ChatTemplate(Self.chatML))
    #expect(try ChatTemplate(Self.chatML + "\n") == ChatTemplate(Self.chatML))
    // One line break goes with the tag, one with the end of the file.
    #expect(try ChatTemplate(Self.chatML + "\n\n") == ChatTemplate(Self.chatML))
    #expect(throws: TokenizerError.self) { try ChatTemplate(Self.chatML + "\n\n\n") }
    // Here a line break stays in front of every turn.
    #expect(throws: TokenizerError.self) { try ChatTemplate("\n" + Self.chatML) }
    #expect(throws: TokenizerError.self) {
      try ChatTemplate(lines.replacingOccurrences(of: "-}}", with: "}}"))
    }
  }

  @Test func otherTemplatesAreRefusedByName() throws {
    let none =
      "chat_template is none of the built-in ones (expected ChatML, Qwen3's or Llama 3's; it "
    let cases: [(String, String)] = [
      ("", none + "has no markers)"),
      (
        "{% for message in messages %}{{ '<｜User｜>' + message['content'] }}{% endfor %}",
        none + "writes <｜User｜>)"
      ),
      ("{{ '[INST] ' + messages[0]['content'] + ' [/INST]' }}", none + "writes [INST])"),
      (
        "{{ bos_token }}" + Self.chatML,
        "chat_template uses \"bos_token\" (expected only what ChatML's use)"
      ),
      (
        "{% set today = strftime_now('%d') %}" + Self.chatML,
        "chat_template uses \"strftime_now\" (expected only what ChatML's use)"
      ),
      (
        "Hello" + Self.chatML,
        "chat_template writes text outside its tags (expected only what ChatML's write)"
      ),
      (
        Self.chatML.replacingOccurrences(of: "{% endfor %}", with: "\n{% endfor %}"),
        "chat_template writes text outside its tags (expected only what ChatML's write)"
      ),
      (
        Self.qwen3.replacingOccurrences(of: "[-1]", with: "[1]"),
        "chat_template uses </think> otherwise than Qwen3 (expected Qwen3's)"
      ),
    ]
    for (template, message) in cases {
      let error = #expect(throws: TokenizerError.self) { try ChatTemplate(template) }
      #expect(error?.description == message)
      #expect(error?.kind == .unsupported)
    }
  }

  @Test func turnsWithoutATextAreRefusedByName() throws {
    let cases: [([ChatTemplate.Turn], String)] = [
      ([], "the last message is of \"\" (expected the user's)"),
      (
        [("user", "?"), ("assistant", "!")],
        "the last message is of \"assistant\" (expected the user's)"
      ),
      (
        [("tool", "7"), ("user", "?")],
        "messages[0].role is \"tool\" (expected system, user or assistant)"
      ),
      (
        [("user", "<tool_response>7</tool_response>")],
        "the last message is a tool's response (expected a question)"
      ),
    ]
    for (turns, message) in cases {
      let error = #expect(throws: TokenizerError.self) {
        try ChatTemplate(Self.qwen3).prompt(turns)
      }
      #expect(error?.description == message)
    }
    let error = #expect(throws: TokenizerError.self) {
      try ChatTemplate(Self.chatML).prompt([("user", "?")], thinking: false)
    }
    #expect(
      error?.description == "the chat template cannot switch thinking off (expected Qwen3's)")
  }

  @Test func foldersHaveTheirTemplateInOneOfTwoFiles() throws {
    try withTemporaryDirectory { folder in
      func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      func message() -> String? {
        #expect(throws: TokenizerError.self) { try ChatTemplate(directory: folder) }?.description
      }
      #expect(message()?.hasPrefix("\(folder): no chat template (expected") == true)
      let configuration = "tokenizer_config.json"
      try write("{}", configuration)
      #expect(
        message() == "\(folder)/\(configuration): chat_template is missing (expected text)")
      try write("{", configuration)
      #expect(message()?.hasPrefix("\(folder)/\(configuration): broken JSON") == true)
      let templates: JSON = [
        "chat_template": [
          ["name": "tool_use", "template": "{{ x }}"],
          ["name": "default", "template": .string(Self.llama3)],
        ]
      ]
      try write(templates.text(), configuration)
      #expect(try ChatTemplate(directory: folder) == ChatTemplate(Self.llama3))
      try write(JSON.object(["chat_template": .string(Self.withSystem)]).text(), configuration)
      #expect(try ChatTemplate(directory: folder) == ChatTemplate(Self.withSystem))
      try write(Self.qwen3 + "\n", "chat_template.jinja")
      #expect(try ChatTemplate(directory: folder) == ChatTemplate(Self.qwen3))
      try write("?", "chat_template.jinja")
      #expect(message()?.hasPrefix("\(folder)/chat_template.jinja: chat_template is none") == true)
    }
  }
}
