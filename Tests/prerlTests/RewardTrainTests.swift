import Foundation
import ModelCore
import StrictJSON
import Testing

/// `prerl train` with `"algorithm": "reward-model"`.
@Suite struct RewardTrainTests {
  private static let configuration = """
    {
      "algorithm": "reward-model", "steps": 8, "pairs": "pairs.jsonl", "pairs_per_step": 16,
      "center_rewards_coefficient": 0.01, "evaluate_every": 4, "save_every": 4,
      "optimizer": {"learning_rate": 1e-3}
    }

    """

  /// Pairs of which the response with the word 30 is better, in ids of the embedded task.
  private static func pairs(_ count: Int) -> String {
    (0..<count).map { index in
      let (a, b) = (10 + index % 7, 11 + index % 5)
      return #"{"id": "\#(index)", "prompt_ids": [1, 3, \#(20 + index % 9)], "#
        + #""chosen_ids": [\#(a), 30, \#(b), 2], "rejected_ids": [\#(b), 31, \#(a)]}"# + "\n"
    }.joined()
  }

  @Test func aLanguageModelBecomesARewardModel() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "rm.json")
      try program.write(Self.pairs(60), to: "pairs.jsonl")
      let outcome = try program.run("train", "rm.json", "--json", "--output", "run")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("pairs of training, "))
      let summary = try program.object("run/summary.json")
      #expect(try outcome.object() == summary)
      #expect(summary["algorithm"] == "reward-model" && summary["complete"] == true)
      #expect(
        try #require(summary["evaluation"]?.objectValue?["accuracy"]?.doubleValue) > 0.9)
      let manifest = try program.object("run/manifest.json")
      #expect(manifest["config"]?.objectValue?["template"] == "joined")
      let checkpoint = "run/checkpoints/step-8"
      let config = try program.object(checkpoint + "/config.json")
      #expect(config["architectures"] == ["Qwen3ForSequenceClassification"])
      #expect(try program.object(checkpoint + "/reward.json") == ["template": "joined"])
      // The folder scores rollouts and pairs, and can be trained further.
      try program.write(
        #"{"prompt_ids": [1, 3, 20], "response_ids": [10, 30, 11, 2]}"# + "\n", to: "a.jsonl")
      let scored = try program.run(
        "evaluate", "--rollouts", "a.jsonl", "--reward-model", checkpoint, "--output", "b.jsonl")
      #expect(scored.status == 0, "\(scored.errors)")
      let model = try Transformer<Float>(directory: program.folder + "/" + checkpoint)
      #expect(
        try program.objects("b.jsonl")[0]["reward"]?.doubleValue
          == SequenceScorer(model).rewards(after: [[1, 3, 20, 10, 30, 11, 2]], threads: 1)[0])
      let judged = try program.run(
        "evaluate", "--pairs", "pairs.jsonl", "--reward-model", checkpoint, "--json")
      #expect(judged.status == 0, "\(judged.errors)")
      #expect(
        try #require(judged.object()["accuracy"]?.objectValue?["mean"]?.doubleValue) > 0.9)
      let further = try program.run(
        "train", "rm.json", "--model", checkpoint, "--output", "further", "--steps", "1")
      #expect(further.status == 0, "\(further.errors)")
      let first = try program.objects("further/evaluation.jsonl")[0]
      #expect(first["accuracy"] == summary["evaluation"]?.objectValue?["accuracy"])
    }
  }

  @Test func rolloutsWithRewardsMakePairs() throws {
    try withProgram { program in
      let rollouts = try program.run(
        "rollout", "--samples", "400", "--training-problems", "--output", "r.jsonl", "--quiet")
      #expect(rollouts.status == 0, "\(rollouts.errors)")
      try program.write(
        #"{"algorithm": "reward-model", "steps": 2, "rollouts": "r.jsonl", "pairs_per_step": 8}"#,
        to: "rm.json")
      let outcome = try program.run("train", "rm.json", "--output", "run")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains(" pairs of training, "))
      let manifest = try program.object("run/manifest.json")
      #expect(manifest["config"]?.objectValue?["rollouts"] == "r.jsonl")
      #expect(try program.run("train", "rm.json", "--output", "run", "--resume").status == 0)
    }
  }

  @Test func anInterruptedRunGoesOnToTheSameBits() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "rm.json")
      try program.write(Self.pairs(60), to: "pairs.jsonl")
      _ = try program.run("train", "rm.json", "--output", "whole", "--threads", "1", "--quiet")
      let first = try program.run(
        "train", "rm.json", "--output", "parts", "--threads", "2", "--steps", "3", "--quiet")
      #expect(first.status == 0, "\(first.errors)")
      let second = try program.run(
        "train", "rm.json", "--output", "parts", "--threads", "2", "--resume", "--quiet")
      #expect(second.status == 0, "\(second.errors)")
      for file in [
        "metrics.jsonl", "evaluation.jsonl", "checkpoints/step-8/model.safetensors",
        "checkpoints/step-8/optimizer.safetensors",
      ] {
        #expect(try program.read("whole/\(file)") == program.read("parts/\(file)"), "\(file)")
      }
    }
  }

  @Test func mistakesAreOneLineAndNothingIsWritten() throws {
    try withProgram { program in
      try program.write(Self.pairs(20), to: "pairs.jsonl")
      func check(_ configuration: String, _ message: String, pairs: String? = nil) throws {
        try program.write(configuration, to: "rm.json")
        try program.write(pairs ?? Self.pairs(20), to: "pairs.jsonl")
        let outcome = try program.run("train", "rm.json", "--output", "run")
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
        #expect(outcome.errors.count { $0 == "\n" } == 1)
        #expect(!program.exists("run"))
      }
      try check(
        Self.configuration.replacing("\"save_every\"", with: "\"save\""),
        "rm.json:3: save: unknown key (expected one of: algorithm, seed, steps, pairs")
      try check(
        Self.configuration, "pairs.jsonl:21: chosen_ids[0] is 56",
        pairs: Self.pairs(20)
          + #"{"prompt_ids": [1], "chosen_ids": [56], "rejected_ids": [4]}"#)
      try check(
        Self.configuration.replacing("pairs.jsonl", with: "absent.jsonl"),
        "absent.jsonl: no such file")
      try check(
        Self.configuration, "pairs.jsonl: all pairs belong to one cluster",
        pairs: #"{"prompt_ids": [1], "chosen_ids": [5], "rejected_ids": [4]}"#)
      let listed = try program.run("train", "rm.json", "--output", "run", "--dump-batches", "a")
      #expect(listed.status == 2)
    }
  }
}
