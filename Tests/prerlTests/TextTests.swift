import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizers

/// Rollouts and problems in plain text, with a checkpoint whose tokenizer is byte-level BPE.
@Suite struct TextTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  /// The lines of a dump with the token ids that they stand for instead of text.
  private func encoded(
    _ dump: String, _ checkpoint: TextCheckpoint, thinking: Bool, _ program: Program
  ) throws -> String {
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/\(dump)")))
    func turns(_ value: JSON?) throws -> [JSONObject] {
      try #require(value?.arrayValue).compactMap(\.objectValue)
    }
    // verl's prompts are a user's turn without the marks.
    func question(_ input: String) throws -> JSONObject {
      let (start, end) = ("user\n", "\nassistant\n")
      #expect(input.hasPrefix(start) && input.hasSuffix(end))
      return [
        "role": "user",
        "content": .string(String(input.dropFirst(start.count).dropLast(end.count))),
      ]
    }
    return try bytes.split(separator: 0x0A).map { line in
      let object = try #require(try JSON.parse(line).objectValue)
      let messages =
        try object["input"]?.stringValue.map { [try question($0)] } ?? turns(object["prompt"])
      let prompt = try checkpoint.chatTemplate.prompt(
        messages, arguments: ["enable_thinking": .bool(thinking)])
      let response = try #require(
        try object["output"]?.stringValue ?? turns(object["completion"])[0]["content"]?.stringValue)
      func ids(_ text: String) throws -> JSON {
        .array(try checkpoint.tokenizer.encode(text).map { .integer(Int($0)) })
      }
      let result: JSON = [
        "prompt_ids": try ids(prompt), "response_ids": try ids(response),
        "reward": object["score"] ?? object["reward"] ?? .null,
      ]
      return result.text()
    }.joined(separator: "\n")
  }

  @Test(arguments: [("verl.jsonl", true), ("trl.jsonl", true), ("trl.jsonl", false)])
  func textAndItsTokensGiveTheSameNumbers(dump: String, thinking: Bool) throws {
    try withProgram { program in
      let checkpoint = try TextCheckpoint(at: program.folder + "/model")
      let empty = try checkpoint.tokenizer.encode(
        checkpoint.chatTemplate.prompt(
          [["role": "user", "content": ""]], arguments: ["enable_thinking": .bool(thinking)]))
      #expect(empty.count > 5)
      try program.write(
        try encoded(dump, checkpoint, thinking: thinking, program), to: "ids.jsonl")
      let common = ["align", "--model", "model", "--quiet", "--bootstrap", "100"]
      let text = try program.run(
        common + [
          "--rollouts", "\(Self.fixtures)/\(dump)", "--null-context", "empty-user", "--output",
          "text.h5", "--summary", "text.json", thinking ? "--thinking" : "--no-thinking",
        ])
      #expect(text.status == 0, "\(text.errors)")
      let tokens = try program.run(
        common + [
          "--rollouts", "ids.jsonl", "--output", "ids.h5", "--summary", "ids.json",
          "--null-context", "ids:" + empty.map(String.init).joined(separator: ","),
        ])
      #expect(tokens.status == 0, "\(tokens.errors)")
      let summary = try program.object("text.json")
      #expect(summary["n"] == 10)
      let cosine = try #require(summary["cosine_mean"]?.doubleValue)
      #expect(cosine > -1 && cosine < 1 && cosine != 0)
      let difference = try program.run("diff", "text.h5", "ids.h5")
      #expect(difference.status == 0, "\(difference.output)")
      // What is stored is enough to make the numbers again.
      let replay = try program.run("replay", "text.h5", "--quiet")
      #expect(replay.status == 0, "\(replay.output) \(replay.errors)")
    }
  }

  @Test func sampledTextIsScoredAgainstTheAnswer() throws {
    try withProgram { program in
      let checkpoint = try TextCheckpoint(at: program.folder + "/model", answer: #"\boxed{4}"#)
      let messages = #""messages":[{"role":"user","content":"What is it?"}]"#
      try program.write(
        """
        {"id":"right",\(messages),"answer":"4"}
        {"id":"equal",\(messages),"answer":"8/2"}
        {"id":"wrong",\(messages),"answer":"5"}
        {"id":"open",\(messages)}

        """, to: "problems.jsonl")
      let sampling = [
        "--model", "model", "--problems", "problems.jsonl", "--temperature", "0", "--per-problem",
        "1", "--max-new-tokens", "20", "--quiet",
      ]
      let outcome = try program.run(["rollout", "--output", "a.jsonl", "--json"] + sampling)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let lines = try program.objects("a.jsonl")
      #expect(lines.map { $0["reward"]?.doubleValue } == [1, 1, 0, nil])
      #expect(lines.allSatisfy { $0["response"] == #"\boxed{4}"# })
      // The end of the turn was sampled, but is no text.
      let end = try #require(checkpoint.tokenizer.id(of: "<|im_end|>").map(Int.init))
      #expect(lines.allSatisfy { $0["response_ids"]?.arrayValue?.last?.intValue == end })
      #expect(
        lines.allSatisfy {
          $0["prompt"] == "<|im_start|>user\nWhat is it?<|im_end|>\n<|im_start|>assistant\n"
        })
      #expect(try outcome.object()["reward"]?.doubleValue.map { abs($0 - 2.0 / 3) < 1e-12 } == true)

      // Without the open problem the checkpoint can be evaluated: two of three.
      let problems = try program.read("problems.jsonl").split(separator: 0x0A).prefix(3)
      try program.write(
        problems.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n"),
        to: "problems.jsonl")
      let evaluation = try program.run(["evaluate", "--k", "1", "--json"] + sampling.dropLast(0))
      #expect(evaluation.status == 0, "\(evaluation.errors)")
      let accuracy = try evaluation.object()["accuracy"]?.objectValue?["mean"]?.doubleValue
      #expect(accuracy.map { abs($0 - 2.0 / 3) < 1e-12 } == true)
    }
  }

  @Test func aTemplateThatFailsIsOneLine() throws {
    try withProgram { program in
      _ = try TextCheckpoint(at: program.folder + "/model")
      try program.write("\n{{ strftime_now('%d %b %Y') }}", to: "model/chat_template.jinja")
      let align = ["align", "--model", "model", "--quiet", "--output", "a.h5", "--rollouts"]
      let reason =
        "chat template, line 2: the template writes today's date, and no date is given (expected "
        + "a date, which --template-date gives, prompt_ids, or a prompt that is rendered already)\n"
      let dump = "\(Self.fixtures)/trl.jsonl"
      let messages = try program.run(align + [dump])
      #expect(messages.status == 2)
      #expect(messages.errors == "prerl: \(dump):1: the prompt cannot be encoded: " + reason)
      let context = try program.run(
        align + ["\(Self.fixtures)/verl.jsonl", "--null-context", "empty-user"])
      #expect(context.status == 2)
      #expect(context.errors == "prerl: --null-context empty-user: " + reason)
      // With a date it is rendered.
      let dated = try program.run(align + [dump, "--template-date", "2024-07-26", "--show", "1"])
      #expect(dated.status == 0, "\(dated.errors)")
      #expect(dated.output.contains("\n  text  \\n26 Jul 2024⟦"), "\(dated.output)")
      // Without a template dumps are text as it is.
      try FileManager.default.removeItem(atPath: program.folder + "/model/chat_template.jinja")
      #expect(
        try program.run(align + ["\(Self.fixtures)/verl.jsonl", "--overwrite"]).status == 0)
    }
  }

  /// Dumps lack the marks of the turns; what was seen is said.
  @Test func marksOfDumpsAreRestoredAndShown() throws {
    try withProgram { program in
      _ = try TextCheckpoint(at: program.folder + "/model")
      let align = try program.run(
        "align", "--model", "model", "--rollouts", "\(Self.fixtures)/verl.jsonl", "--quiet",
        "--show", "1", "--output", "a.h5")
      #expect(align.status == 0, "\(align.errors)")
      #expect(align.output.contains("\n  text  <|im_start|>user\\nA baker packs 6 trays"))
      #expect(align.output.contains("<|im_end|>\\n<|im_start|>assistant\\n⟦Six trays"))
      let inspect = try program.run("inspect", "a.h5")
      #expect(inspect.output.contains("\nprompt_seen: <|im_start|>user\\nA baker"))
      try program.write(
        #"{"input": "What is 7 times 8?", "output": "56", "score": 1}"#, to: "plain.jsonl")
      let plain = try program.run(
        "align", "--model", "model", "--rollouts", "plain.jsonl", "--output", "b.h5")
      #expect(plain.status == 2)
      #expect(
        plain.errors.contains("plain.jsonl:1: the prompt cannot be encoded: the text has none of"))
      // Verifying needs no prompt.
      let evaluate = try program.run(
        "evaluate", "--model", "model", "--rollouts", "plain.jsonl", "--k", "1")
      #expect(evaluate.status == 0, "\(evaluate.errors)")
      // The marks that the file has are kept.
      try program.write(
        #"{"input": "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "output": "56"}"#,
        to: "marked.jsonl")
      let prompts = try program.run(
        ["tokenize", "--prompts", "--model", "model", "--json"],
        input: try program.read("marked.jsonl"))
      #expect(
        prompts.output.contains(
          #""text":"<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n""#))
    }
  }
}
