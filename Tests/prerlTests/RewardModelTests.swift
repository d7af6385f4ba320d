import Foundation
import KeyedRandom
import ModelCore
import StrictJSON
import Testing
import Tokenizers

/// `--reward-model` of `evaluate` and `rollout`.
@Suite struct RewardModelTests {
  /// A random reward model of the embedded task's vocabulary.
  private static func countdown(_ folder: String, labels: Int = 1) throws -> Transformer<Float> {
    try model(
      ModelConfiguration(
        family: .gpt2, vocabularySize: 56, hiddenSize: 8, feedForwardSize: 8, layerCount: 1,
        headCount: 2, keyValueHeadCount: 2, headDimension: 4, head: .reward, maximumPositions: 160,
        bosToken: 1, eosTokens: [2], padToken: 2), folder)
  }

  private static func model(
    _ configuration: ModelConfiguration, _ folder: String
  ) throws -> Transformer<Float> {
    let model = Transformer<Float>(configuration)
    model.initialize(RandomKey(seed: 6))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try model.save(directory: folder)
    return model
  }

  /// A random reward model that reads text, with the tokenizer and the chat template of a policy.
  private static func text(_ folder: String) throws -> (Transformer<Float>, TextCheckpoint) {
    let policy = try TextCheckpoint(at: folder + "-policy")
    var configuration = try ModelConfiguration(directory: folder + "-policy")
    configuration.head = .reward
    let model = try model(configuration, folder)
    for name in ["tokenizer.json", "chat_template.jinja"] {
      try FileManager.default.copyItem(
        atPath: "\(folder)-policy/\(name)", toPath: "\(folder)/\(name)")
    }
    return (model, policy)
  }

  private static let rollouts = """
    {"id":"a","problem_id":"p","prompt_ids":[1,3,20],"response_ids":[13,20,2],"reward":1,"note":"x"}
    {"id":"b","problem_id":"p","prompt_ids":[1,3,20],"response_ids":[11,13,20,14,2,2],"reward":0}
    {"id":"c","problem_id":"q","prompt_ids":[1,3,23,2,4],"response_ids":[12],"reward":null,"score":0}

    """
  private static let sequences: [[Int32]] = [
    [1, 3, 20, 13, 20, 2], [1, 3, 20, 11, 13, 20, 14, 2, 2], [1, 3, 23, 2, 4, 12],
  ]

  @Test func everyLineIsWrittenAgainWithItsReward() throws {
    try withProgram { program in
      let model = try Self.countdown(program.folder + "/rm")
      try program.write(Self.rollouts, to: "a.jsonl")
      let outcome = try program.run(
        "evaluate", "--rollouts", "a.jsonl", "--reward-model", "rm", "--output", "scored.jsonl",
        "--json", "--quiet")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.isEmpty)
      let expected = try SequenceScorer(model).rewards(after: Self.sequences, threads: 1)
      let lines = try program.objects("scored.jsonl")
      #expect(lines.map { $0["reward"]?.doubleValue } == expected)
      #expect(lines.map { $0["given_reward"]?.intValue } == [1, 0, nil])
      #expect(lines[0]["note"] == "x")
      #expect(lines[2]["score"] == 0)
      let object = try outcome.object()
      #expect(
        object.keys == [
          "mean_reward", "reward_std", "min_reward", "max_reward", "length_correlation",
          "pair_accuracy", "longer_accuracy",
        ])
      #expect(
        object["pair_accuracy"]?.objectValue?["mean"]?.doubleValue
          == (expected[0] > expected[1] ? 1 : 0))
      #expect(object["longer_accuracy"]?.objectValue?["mean"]?.doubleValue == 0)
      // The best of two is the better one, by the model.
      let best = try program.run(
        "evaluate", "--rollouts", "a.jsonl", "--reward-model", "rm", "--best-of", "1,2", "--json")
      let rows = try #require(best.object()["best_of"]?.arrayValue).compactMap(\.objectValue)
      #expect(rows.map { $0["problems"] } == [2, 1])
      #expect(
        rows[1]["reward"]?.objectValue?["mean"]?.doubleValue == max(expected[0], expected[1]))
      #expect(
        rows[1]["given_reward"]?.objectValue?["mean"]?.doubleValue
          == (expected[0] > expected[1] ? 1 : 0))
      #expect(rows[0]["divergence_bound"]?.doubleValue == 0)
      let many = try program.run(
        "evaluate", "--rollouts", "a.jsonl", "--reward-model", "rm", "--best-of", "3")
      #expect(many.status == 2)
      #expect(
        many.errors
          == "prerl: --best-of has 3, but a.jsonl has at most 2 responses to a problem (expected at most 2)\n"
      )
      let table = try program.run(
        "evaluate", "--rollouts", "a.jsonl", "--reward-model", "rm", "--best-of", "2")
      #expect(table.output.contains("\nbest of  reward") && table.output.contains("given reward"))
      for (more, message) in [
        ([], "--best-of without --reward-model"),
        (["--reward-model", "rm", "--pairs", "a.jsonl"], "--best-of with --pairs"),
      ] {
        let refused = try program.run(["evaluate", "--best-of", "2"] + more)
        #expect(refused.status == 2 && refused.errors.contains(message))
      }
      // What was written is scored like the first file, and its own reward stays.
      let again = try program.run(
        "evaluate", "--rollouts", "scored.jsonl", "--reward-model", "rm", "--output", "again.jsonl",
        "--reward", "reward", "--threads", "3")
      #expect(again.status == 0, "\(again.errors)")
      let second = try program.objects("again.jsonl")
      #expect(second.map { $0["reward"]?.doubleValue } == expected)
      #expect(second[0]["given_reward"] == 1)
    }
  }

  /// Text and messages go through the reward model's own tokenizer and template.
  @Test func textIsEncodedByTheStatedTemplate() throws {
    try withProgram { program in
      let (model, policy) = try Self.text(program.folder + "/rm")
      try program.write(
        #"""
        {"prompt": " What is 2 + 3?\n", "response": " 5 "}
        {"messages": [{"role": "user", "content": "2 + 3? "}, {"role": "assistant", "content": "6"}, {"role": "user", "content": " No."}], "response": "5"}

        """#, to: "a.jsonl")
      func rewards(_ options: String...) throws -> [Double?] {
        let outcome = try program.run(
          [
            "evaluate", "--rollouts", "a.jsonl", "--reward-model", "rm", "--output", "b.jsonl",
            "--overwrite",
          ] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try program.objects("b.jsonl").map { $0["reward"]?.doubleValue }
      }
      func expected(_ texts: [[String]]) throws -> [Double?] {
        let end = try #require(policy.tokenizer.id(of: "<|im_end|>"))
        let sequences = try texts.map { turns in
          try turns.flatMap { $0 == "<end>" ? [end] : try policy.tokenizer.encode($0) }
        }
        return try SequenceScorer(model).rewards(after: sequences, threads: 1)
      }
      let chat =
        "<|im_start|>user\n2 + 3? <|im_end|>\n<|im_start|>assistant\n6<|im_end|>\n"
        + "<|im_start|>user\n No.<|im_end|>\n<|im_start|>assistant\n"
      let joined = try expected([[" What is 2 + 3?\n", " 5 "], [chat, "5"]])
      let dialogue = try expected([
        ["What is 2 + 3?", "<end>", "5"], ["2 + 3?", "<end>", "6", "<end>", "No.", "<end>", "5"],
      ])
      #expect(joined != dialogue)
      #expect(try rewards() == joined)
      #expect(try rewards("--reward-template", "dialogue") == dialogue)
      try program.write(#"{"template": "dialogue"}"#, to: "rm/reward.json")
      #expect(try rewards() == dialogue)
      #expect(try rewards("--reward-template", "joined") == joined)
      try program.write(#"{"template": "other"}"#, to: "rm/reward.json")
      let refused = try program.run("evaluate", "--rollouts", "a.jsonl", "--reward-model", "rm")
      #expect(refused.status == 2)
      #expect(refused.errors.hasPrefix("prerl: rm/reward.json: template: \"other\""))
    }
  }

  @Test func sampledRolloutsHaveTheModelsRewards() throws {
    try withProgram { program in
      let model = try Self.countdown(program.folder + "/rm")
      for (output, options) in [("plain", []), ("scored", ["--reward-model", "rm"])] {
        let outcome = try program.run(
          ["rollout", "--samples", "20", "--output", output, "--quiet"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let (plain, scored) = (try program.objects("plain"), try program.objects("scored"))
      #expect(plain.map { $0["response_ids"] } == scored.map { $0["response_ids"] })
      let sequences = scored.map { line in
        ["prompt_ids", "response_ids"].flatMap { line[$0]?.arrayValue ?? [] }
          .compactMap { $0.intValue.map { Int32($0) } }
      }
      #expect(
        scored.map { $0["reward"]?.doubleValue }
          == (try SequenceScorer(model).rewards(after: sequences, threads: 1)))
      // Token ids of another tokenizer mean something else.
      _ = try Self.text(program.folder + "/text")
      let refused = try program.run(
        "rollout", "--samples", "20", "--output", "c", "--reward-model", "text")
      #expect(refused.status == 2)
      #expect(refused.errors.hasPrefix("prerl: text: another tokenizer than the policy's"))
      #expect(!program.exists("c"))
    }
  }

  @Test func whatCannotBeScoredIsOneLine() throws {
    try withProgram { program in
      _ = try Self.countdown(program.folder + "/rm")
      _ = try TextCheckpoint(at: program.folder + "/lm")
      try program.write(Self.rollouts, to: "a.jsonl")
      try program.write(
        Self.rollouts.replacing("[12]", with: "[12,56]"), to: "id.jsonl")
      let long = Array(repeating: "12", count: 160).joined(separator: ",")
      try program.write(Self.rollouts.replacing("[12]", with: "[\(long)]"), to: "long.jsonl")
      try program.write(
        Self.rollouts.replacing("\"response_ids\":[12]", with: "\"response\":\"no such word\""),
        to: "word.jsonl")
      let broken = program.folder + "/two"
      _ = try Self.countdown(broken)
      var config = try program.object("two/config.json")
      config["id2label"] = ["0": "bad", "1": "good"]
      try program.write(JSON.object(config).text(), to: "two/config.json")
      func check(_ arguments: [String], _ message: String) throws {
        let outcome = try program.run(arguments + ["--output", "out.jsonl"])
        #expect(outcome.status == 2, "\(arguments)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
        #expect(outcome.errors.count { $0 == "\n" } == 1)
        #expect(!program.exists("out.jsonl"))
      }
      func evaluate(_ file: String, _ folder: String, _ more: String...) -> [String] {
        ["evaluate", "--rollouts", file, "--reward-model", folder] + more
      }
      try check(evaluate("id.jsonl", "rm"), "id.jsonl:3: response_ids[1] is 56")
      try check(
        evaluate("long.jsonl", "rm"),
        "long.jsonl:3: 5 prompt and 160 response tokens are 165 (expected at most 160")
      try check(evaluate("word.jsonl", "rm"), "word.jsonl:3: the response cannot be encoded")
      try check(evaluate("a.jsonl", "absent"), "absent/config.json: cannot be read")
      try check(evaluate("a.jsonl", "lm"), "lm: tensor \"score.weight\" is missing")
      try check(
        evaluate("a.jsonl", "two"),
        "two/config.json: id2label: 2 labels are not supported (expected 1: a reward)")
      try check(evaluate("a.jsonl", "rm", "--model", "lm"), "--model with --reward-model")
      try check(["evaluate", "--reward-model", "rm"], "--reward-model without --rollouts")
      try check(["evaluate", "--rollouts", "a.jsonl"], "--output without --reward-model")
      try check(["rollout", "--model", "rm"], "rm: a reward model (expected a language model")
    }
  }
}
