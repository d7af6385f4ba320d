import StrictJSON
import Testing

/// `prerl dialogue`, and `prerl train` on conversations.
@Suite struct DialogueTests {
  /// A model of the desk that has hardly learned anything, in the folder `base`.
  private static func makeBase(_ program: Program, seed: Int = 0, in folder: String = "base") throws
  {
    try program.write(
      """
      {
        "algorithm": "pretrain", "seed": \(seed), "task": {"name": "desk"},
        "model": {
          "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
          "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "rms_norm_eps": 1e-6,
          "rope_theta": 10000, "max_position_embeddings": 128
        },
        "steps": 120, "rows_per_step": 16, "row_length": 128, "rows_per_chunk": 8,
        "optimizer": {
          "learning_rate": 1e-2, "warmup_steps": 10, "final_learning_rate_share": 0.1, "beta1": 0.9,
          "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0, "max_grad_norm": 1
        }
      }

      """, to: "pretrain.json")
    let outcome = try program.run("train", "pretrain.json", "--quiet", "--output", folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private static func write(_ imagination: String, _ program: Program) throws {
    try program.write(
      """
      {
        "algorithm": "ppo", "steps": 2, "problems_per_step": 4, "rollouts_per_problem": 2,
        "task": {"name": "desk"}, "evaluate_every": 0\(imagination)
      }

      """, to: "ppo.json")
  }

  @Test func theDeskHasAnEmbeddedCheckpoint() throws {
    try withProgram { program in
      let object = try program.run("dialogue", "--samples", "64", "--json").object()
      // A model that learned nothing has faults in nearly every dialogue, and loses nats.
      #expect(try #require(object["faults"]?.doubleValue) < 0.1)
      #expect(try #require(object["excess_loss"]?.doubleValue) < 0.2)
      try Self.write("", program)
      let run = try program.run("train", "ppo.json", "--steps", "0", "--output", "run", "--quiet")
      #expect(run.status == 0, "\(run.errors)")
      let manifest = try String(decoding: program.read("run/manifest.json"), as: UTF8.self)
      #expect(manifest.contains("embedded/desk/model.safetensors"))
    }
  }

  @Test func aModelServesUsersAndItself() throws {
    try withProgram { program in
      try Self.makeBase(program)
      let run = ["dialogue", "--model", "base/checkpoint", "--samples", "40"]
      let text = try program.run(run + ["--show", "1"])
      #expect(text.status == 0, "\(text.errors)")
      #expect(text.output.contains("user wants ") && text.output.contains("\n  <assistant> "))
      for row in ["best without asking", "exploitation", "excess loss played"] {
        #expect(text.output.contains(row))
      }
      let object = try program.run(run + ["--json"]).object()
      #expect(object["dialogues"] == 40)
      func mean(_ name: String) throws -> Double { try #require(object[name]?.doubleValue) }
      #expect(try mean("best") > 0.6)
      #expect(
        try abs(mean("imagined_reward") - mean("reward") - mean("exploitation")) < 1e-12)
      #expect(try mean("excess_loss_played") > 0)
      let other = try program.run(run + ["--user-model", "base/checkpoint", "--json"])
      #expect(try other.object() == object)
      let absent = try program.run(run + ["--user-model", "absent"])
      #expect(absent.status == 2 && absent.errors.hasPrefix("prerl: absent/config.json"))
    }
  }

  @Test func dialoguesBecomeAFileFromWhichRewardModelsLearn() throws {
    try withProgram { program in
      try Self.makeBase(program)
      let run = [
        "dialogue", "--model", "base/checkpoint", "--samples", "41", "--per-opening", "4",
        "--training-stocks", "--output", "d.jsonl", "--json",
      ]
      let outcome = try program.run(run)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let lines = try program.objects("d.jsonl")
      #expect(
        lines.count == 41 && Set(lines.compactMap { $0["problem_id"]?.stringValue }).count == 11)
      var total = 0.0
      for line in lines {
        let turns = try #require(line["turns"]?.arrayValue).compactMap(\.objectValue)
        let reward = try #require(line["reward"]?.doubleValue)
        let sum = turns.reduce(0) { $0 + ($1["reward"]?.doubleValue ?? .nan) }
        #expect(abs(sum - reward) < 1e-12 && turns.allSatisfy { $0["rating"]?.doubleValue != nil })
        #expect(turns.last?["end"]?.intValue == line["response_ids"]?.arrayValue?.count)
        total += reward
      }
      #expect(try abs(#require(outcome.object()["reward"]?.doubleValue) - total / 41) < 1e-12)
      #expect(try program.run(run).status == 2, "an output is not replaced unasked")
      let again = try program.run(run + ["--overwrite", "--seed", "1"])
      #expect(again.status == 0, "\(again.errors)")
      #expect(try program.objects("d.jsonl").map { $0["prompt"] } != lines.map { $0["prompt"] })

      try program.write(
        #"{"algorithm": "reward-model", "steps": 1, "rollouts": "d.jsonl", "pairs_per_step": 4}"#,
        to: "rm.json")
      let trained = try program.run(
        "train", "rm.json", "--model", "base/checkpoint", "--output", "rm", "--quiet")
      #expect(trained.status == 0, "\(trained.errors)")
      let reward = ["--reward-model", "rm/checkpoints/step-1"]
      try Self.write(#", "reward_unit": "turn""#, program)
      let train = ["train", "ppo.json", "--quiet", "--model", "base/checkpoint"]
      let policy = try program.run(train + reward + ["--output", "run"])
      #expect(policy.status == 0, "\(policy.errors)")
      let refused = try program.run(train + ["--output", "refused"])
      #expect(
        refused.errors
          == "prerl: ppo.json: reward_unit without --reward-model (expected a reward model that judges turns)\n"
      )
      try program.write(
        #"{"algorithm": "grpo", "steps": 1, "reward_unit": "turn", "evaluate_every": 0}"#,
        to: "grpo.json")
      let single = try program.run("train", "grpo.json", "--output", "refused", "--quiet")
      #expect(
        single.errors.contains(
          "reward_unit is \"turn\" (expected \"response\", or a task of conversations"),
        "\(single.errors)")
    }
  }

  @Test func dialoguesEndAtCtrlC() throws {
    try withProgram { program in
      try Self.makeBase(program)
      let log = program.folder + "/log"
      let process = try program.start(
        ["dialogue", "--model", "base/checkpoint", "--samples", "1000000"], log: log)
      let outcome = try program.interrupt(process, log: log)
      #expect(outcome.status == 130 && outcome.output.isEmpty)
      #expect(outcome.errors == "prerl: interrupted\n")
    }
  }

  @Test func conversationsAreImaginedWithTheFoldersOfTheCommand() throws {
    try withProgram { program in
      for seed in [0, 1] { try Self.makeBase(program, seed: seed, in: "base\(seed)") }
      try Self.write(#", "imagination": {"disagreement_penalty": 1, "share": 0.5}"#, program)
      let models = ["--model", "base0/checkpoint"]
      let users = ["--user-model", "base0/checkpoint", "--user-model", "base1/checkpoint"]
      let train = ["train", "ppo.json", "--quiet"] + models
      let outcome = try program.run(train + users + ["--output", "run"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let metrics = try program.objects("run/metrics.jsonl")
      #expect(metrics.count == 2)
      for step in metrics {
        #expect(try #require(step["imagined/answers"]?.doubleValue) > 0)
        #expect(try #require(step["real/answers"]?.doubleValue) > 0)
      }
      let manifest = try program.object("run/manifest.json")
      let inputs = try #require(manifest["inputs"]?.arrayValue)
      #expect(inputs.count { $0.objectValue?["role"] == "user model" } > 3)
      // A run that is taken up again has the same bits, and needs the same users.
      let first = try program.run(train + users + ["--output", "other", "--steps", "1"])
      #expect(first.status == 0, "\(first.errors)")
      let changed = try program.run(
        train + ["--user-model", "base1/checkpoint", "--user-model", "base1/checkpoint"]
          + ["--output", "other", "--resume"])
      #expect(
        changed.errors
          == "prerl: other: was made with another user model (expected the same files to resume)\n")
      let resumed = try program.run(train + users + ["--output", "other", "--resume"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(try program.read("run/metrics.jsonl") == program.read("other/metrics.jsonl"))

      for (imagination, options, message) in [
        (
          "", users,
          "--user-model without a configuration that imagines with it (expected \"imagination\" with "
            + "world_model \"learned\" or \"argmax\")"
        ),
        (
          #", "imagination": {"world_model": "exact"}"#, users,
          "--user-model without a configuration that imagines with it"
        ),
        (
          #", "imagination": {"disagreement_limit": 1}"#, Array(users.prefix(2)),
          "disagreement_penalty or disagreement_limit with 1 --user-model (expected at least 2, which can "
            + "disagree)"
        ),
        (
          #", "imagination": {"turns": 1}"#, [], "imagination.turns: unknown key"
        ),
        (#", "imagination": {}"#, ["--user-model", ""], "--user-model is empty"),
        (#", "imagination": {}"#, ["--user-model", "absent"], "absent"),
      ] as [(String, [String], String)] {
        try Self.write(imagination, program)
        let refused = try program.run(train + options + ["--output", "refused"])
        #expect(refused.status == 2 || refused.status == 1)
        #expect(refused.errors.contains(message), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(!program.exists("refused"))
      }
      let pretraining = try program.run(["train", "pretrain.json"] + users)
      #expect(
        pretraining.errors.contains(
          "--user-model with the algorithm pretrain (expected none: it has no conversations)"))
    }
  }
}
