import Foundation
import StrictJSON
import Testing

/// The hard variants on the command line.
@Suite struct VariantTests {
  /// Pretraining of a tiny model on four numbers.
  private static let pretraining = """
    {
      "algorithm": "pretrain", "seed": 3, "task": {"numbers": 4},
      "model": {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "rms_norm_eps": 1e-6,
        "rope_theta": 10000, "max_position_embeddings": 128
      },
      "steps": 3, "rows_per_step": 4, "row_length": 128, "rows_per_chunk": 2,
      "optimizer": {
        "learning_rate": 0.002, "warmup_steps": 1, "final_learning_rate_share": 0.05,
        "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.1, "max_grad_norm": 1.0
      }
    }

    """

  @Test func pretrainingPolicyTrainingAndEvaluationTakeTheVariant() throws {
    try withProgram { program in
      try program.write(Self.pretraining, to: "base.json")
      let pretrained = try program.run("train", "base.json", "--output", "base")
      #expect(pretrained.status == 0, "\(pretrained.errors)")
      try program.write(
        Self.pretraining.replacing("\"task\": {\"numbers\": 4},", with: ""), to: "three.json")
      for (config, opening, length) in [("base", [1, 3], 10), ("three", [1, 3], 9)] {
        _ = try program.run("train", config + ".json", "--dump-batches", config + ".jsonl")
        let rows = try #require(try program.objects(config + ".jsonl")[0]["rows"]?.arrayValue)
        let tokens = rows.flatMap { $0.arrayValue ?? [] }.compactMap(\.intValue)
        let start = try #require(tokens.indices.first { tokens[$0...].starts(with: opening) })
        // <bos> Use a b c d to make T . Target
        #expect(tokens[start + length] == 8)
      }

      try program.write(
        """
        {"algorithm": "grpo", "steps": 1, "task": {"numbers": 4}, "problems_per_step": 2,
         "rollouts_per_problem": 2, "evaluation_problems": 4, "save_every": 1}
        """, to: "grpo.json")
      let trained = try program.run(
        "train", "grpo.json", "--model", "base/checkpoint", "--output", "run")
      #expect(trained.status == 0, "\(trained.errors)")
      let config = try #require(try program.object("run/manifest.json")["config"]?.objectValue)
      #expect(config["task"] == ["numbers": 4] && config["max_new_tokens"] == 118)
      // The model has seen three steps of this variant's corpus and none of the other.
      let losses = try program.objects("run/evaluation.jsonl").map {
        $0["pretraining_loss"]?.doubleValue ?? .nan
      }
      #expect(losses.count == 2 && losses.allSatisfy { (1...6).contains($0) })

      let evaluated = try program.run(
        "evaluate", "--model", "run/checkpoints/step-1", "--numbers", "4", "--samples", "16",
        "--k", "1,2,8", "--json")
      #expect(evaluated.status == 0, "\(evaluated.errors)")
      #expect(try evaluated.object()["pass_at_k"]?.objectValue?.keys == ["1", "2", "8"])
    }
  }

  @Test(arguments: [4, 5])
  func theEmbeddedModelIsAskedProblemsOfOtherVariants(numbers: Int) throws {
    try withProgram { program in
      let outcome = try program.run(
        "rollout", "--numbers", "\(numbers)", "--samples", "24", "--output", "a")
      #expect(outcome.status == 0, "\(outcome.errors)")
      for line in try program.objects("a") {
        let words = try #require(line["prompt"]?.stringValue).split(separator: " ")
        #expect(words.count == numbers + 6)
        #expect(line["cluster"]?.stringValue?.split(separator: "-").count == numbers)
        #expect(line["reward"]?.doubleValue != nil)
      }
      // The prompts of a rollout file are problems as well.
      let problems = try program.objects("a").map { line -> JSON in
        ["id": line["id"] ?? .null, "prompt": line["prompt"] ?? .null]
      }
      try program.write(problems.map { $0.text() + "\n" }.joined(), to: "problems.jsonl")
      let again = try program.run("rollout", "--problems", "problems.jsonl", "--output", "b")
      #expect(again.status == 0, "\(again.errors)")
      let verified = try program.run("evaluate", "--rollouts", "a", "--verify", "--json")
      #expect(verified.status == 0, "\(verified.errors)")
    }
  }

  @Test(arguments: [
    (["evaluate", "--numbers", "6"], "--numbers is 6 (expected an integer in 3...5)"),
    (
      ["evaluate", "--numbers", "4", "--problems", "p.jsonl"],
      "--numbers with --problems (expected only one: the file has its own)"
    ),
    (
      ["evaluate", "--numbers", "4", "--rollouts", "r.jsonl"],
      "--numbers with --rollouts (expected only one: nothing is sampled)"
    ),
    (
      ["evaluate", "--numbers", "4", "--samples", "8", "--max-new-tokens", "247"],
      "--max-new-tokens is 247 (expected at most 246: the model has 256 positions, the longest "
        + "prompt 10 tokens)"
    ),
  ])
  func whatDoesNotFitIsOneLine(arguments: [String], message: String) throws {
    try withProgram { program in
      let outcome = try program.run(arguments)
      #expect(outcome.status == 2)
      #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }
}
