// Training of a chat model on the conversations of a file, by the program.
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct ConversationsTrainTests {
  private static func conversations(_ count: Int) -> String {
    (0..<count).map {
      """
      {"id": "c\($0)", "messages": [{"role": "user", "content": "What is \($0) + 1?"}, \
      {"role": "assistant", "content": "\($0 + 1)."}, {"role": "user", "content": "Thanks!"}, \
      {"role": "assistant", "content": "Any time."}]}

      """
    }.joined()
  }

  private static let configuration = """
    {
      "algorithm": "grpo", "steps": 2,
      "task": {"name": "conversations", "conversations": "chats.jsonl", "max_turn_tokens": 16,
        "max_user_turn_tokens": 16},
      "imagination": {"imagined_turns": 2},
      "likelihood": {"conversations_per_update": 4, "logged_conversations": 18},
      "problems_per_step": 2, "rollouts_per_problem": 2, "max_new_tokens": 80,
      "evaluate_every": 1, "evaluation_problems": 2, "optimizer": {"learning_rate": 0.001}
    }

    """

  /// A folder with a chat model whose likeliest turn is "Answer: 4", conversations, and a reward model.
  private static func withConversations(_ body: (Program) throws -> Void) throws {
    try withProgram { program in
      _ = try TextCheckpoint(at: program.folder + "/model", answer: "Answer: 4")
      try program.write(conversations(20), to: "chats.jsonl")
      try program.write(configuration, to: "c.json")
      try program.write(
        (0..<4).map {
          #"{"prompt": "\#($0)", "chosen": "Answer", "rejected": "What?"}"# + "\n"
        }.joined(), to: "pairs.jsonl")
      try program.write(
        #"{"algorithm": "reward-model", "steps": 1, "pairs": "pairs.jsonl", "pairs_per_step": 2}"#,
        to: "rm.json")
      let outcome = try program.run(
        "train", "rm.json", "--model", "model", "--output", "rm", "--quiet")
      #expect(outcome.status == 0, "\(outcome.errors)")
      try body(program)
    }
  }

  @Test func aChatModelLearnsFromConversationsWithItself() throws {
    try Self.withConversations { program in
      func train(_ output: String, _ more: String...) throws -> Program.Outcome {
        try program.run(
          ["train", "c.json", "--model", "model", "--output", output] + more)
      }
      let reward = ["--reward-model", "rm/checkpoints/step-1"]
      let whole = try train("whole", reward[0], reward[1], "--threads", "2")
      #expect(whole.status == 0, "\(whole.errors)")
      #expect(whole.output.contains("2 steps, held-out reward model "), "\(whole.output)")
      let metrics = try program.objects("whole/metrics.jsonl")
      #expect(metrics.count == 2)
      for line in metrics {
        #expect(line["accuracy"] == nil && line["imagined/reward"] == nil)
        #expect(line["rewards/verifier/mean"] == nil)
        #expect((line["likelihood/loss"]?.doubleValue ?? 0) > 0)
      }
      // Three answers of the policy, to the question and to two imagined ones.
      #expect(metrics[0]["turns"]?.doubleValue == 3)
      #expect(metrics[0]["imagined/answers"]?.doubleValue == 8)
      #expect(metrics[0]["imagined/stray_ratio"]?.doubleValue == 0)
      // They are over behind the answer to the second imagined turn.
      #expect(metrics[0]["ended"]?.doubleValue == 1)
      #expect(metrics[0]["completions/clipped_ratio"]?.doubleValue == 0)
      let evaluations = try program.objects("whole/evaluation.jsonl")
      #expect(evaluations.count == 3)
      #expect(evaluations[0]["turns"]?.doubleValue == 3)
      #expect(evaluations[0]["accuracy"] == nil && evaluations[0]["reward_model"] != nil)
      #expect(evaluations[2]["pretraining_loss"] != evaluations[0]["pretraining_loss"])

      #expect(
        try train("run", reward[0], reward[1], "--steps", "1", "--threads", "1").status == 0)
      #expect(try train("run", reward[0], reward[1], "--resume").status == 0)
      for file in ["metrics.jsonl", "evaluation.jsonl", "checkpoints/step-2/model.safetensors"] {
        #expect(try program.read("run/\(file)") == program.read("whole/\(file)"), "\(file)")
      }
      let manifest = try program.object("whole/manifest.json")
      let inputs = manifest["inputs"]?.arrayValue?.compactMap { $0.objectValue } ?? []
      #expect(inputs.contains { $0["role"] == "problems" && $0["path"] == "chats.jsonl" })
      let compared = try program.run("compare", "whole")
      #expect(compared.output.contains("reward model"), "\(compared.errors)")
      #expect(try program.run("inspect", "whole/training.h5").status == 0)
      // A frozen user plays it as well.
      #expect(try train("other", reward[0], reward[1], "--user-model", "model").status == 0)
    }
  }

  /// A random model ends no turn, so that every limit is reached.
  @Test func noConversationIsLongerThanItMayBe() throws {
    try Self.withConversations { program in
      _ = try TextCheckpoint(at: program.folder + "/random")
      try program.write(
        Self.configuration.replacing(#""max_new_tokens": 80"#, with: #""max_new_tokens": 40"#)
          .replacing(#""max_turn_tokens": 16"#, with: #""max_turn_tokens": 4"#)
          .replacing(#""max_user_turn_tokens": 16"#, with: #""max_user_turn_tokens": 30"#)
          .replacing(
            #""algorithm": "grpo""#, with: #""algorithm": "ppo", "truncation": "penalty""#),
        to: "c.json")
      let outcome = try program.run(
        "train", "c.json", "--model", "random", "--output", "run", "--reward-model",
        "rm/checkpoints/step-1")
      #expect(outcome.status == 0, "\(outcome.errors)")
      for line in try program.objects("run/metrics.jsonl") {
        #expect(try #require(line["completions/max_length"]?.doubleValue) <= 40)
        #expect(line["ended"]?.doubleValue == 0 && line["turns"]?.doubleValue == 1)
      }
    }
  }

  @Test func mistakesAreOneLineAndNothingIsWritten() throws {
    try Self.withConversations { program in
      func check(
        _ message: String, _ configuration: String = Self.configuration,
        reward: [String] = ["--reward-model", "rm/checkpoints/step-1"]
      ) throws {
        try program.write(configuration, to: "c.json")
        let outcome = try program.run(
          ["train", "c.json", "--model", "model", "--output", "run"] + reward)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
        #expect(outcome.errors.count { $0 == "\n" } == 1)
        #expect(!program.exists("run"))
      }
      try check("c.json: the task conversations has no rewards of its own", reward: [])
      try check(
        "c.json:1: imagination is missing",
        Self.configuration.replacing(#""imagination": {"imagined_turns": 2},"#, with: ""))
      try check(
        "c.json:5: imagination.share is 0.5 (expected 1",
        Self.configuration.replacing(#""imagined_turns": 2"#, with: #""share": 0.5"#))
      try check(
        "c.json:5: imagination.world_model is \"exact\"",
        Self.configuration.replacing(#""imagined_turns": 2"#, with: #""world_model": "exact""#))
      try check(
        "c.json:7: max_new_tokens is 8 (expected at least 16, a turn)",
        Self.configuration.replacing(#""max_new_tokens": 80"#, with: #""max_new_tokens": 8"#))
      try program.write(
        Self.conversations(3) + #"{"messages": [{"role": "user", "content": "a"}]}"#,
        to: "chats.jsonl")
      try check("chats.jsonl:4: messages has no turn of \"assistant\"")
      try program.write("", to: "chats.jsonl")
      try check("chats.jsonl:1: no conversations (expected one JSON object a line)")
      try program.write(
        Self.conversations(20).replacing(#", {"role": "user", "content": "Thanks!"}"#, with: "")
          .replacing(#", {"role": "assistant", "content": "Any time."}"#, with: ""),
        to: "chats.jsonl")
      try check("c.json:6: likelihood has nothing to learn")
      try program.write(Self.conversations(20), to: "chats.jsonl")
      _ = try TextCheckpoint(at: program.folder + "/other")
      let path = program.folder + "/other/tokenizer.json"
      let tokenizer = try String(contentsOfFile: path, encoding: .utf8)
      try Data((tokenizer + "\n").utf8).write(to: URL(fileURLWithPath: path))
      try check(
        "other: another tokenizer than the policy's",
        reward: ["--reward-model", "rm/checkpoints/step-1", "--user-model", "other"])
      try program.write(Self.conversations(20), to: "chats.jsonl")
      try program.write(
        "{% for m in messages %}{{ m.content }}{% endfor %}", to: "model/chat_template.jinja")
      try check("model: the task conversations needs marks between turns: ")
      try FileManager.default.removeItem(atPath: program.folder + "/model/chat_template.jinja")
      try check("model: the task conversations needs marks between turns: ")
    }
  }
}
