// `surrogate`: one row a rule, and what may be concluded.
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct SurrogateTests {
  @Test func aCriticGivesTokensAdvantagesOfTheirOwn() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try program.write(
        """
        {"algorithm": "ppo", "steps": 1, "problems_per_step": 4, "rollouts_per_problem": 2,
         "evaluate_every": 0, "critic": {"warmup": 1}}
        """, to: "c.json")
      let trained = try program.run("train", "c.json", "--output", "run", "--quiet")
      #expect(trained.status == 0, "\(trained.errors)")
      let critic = "run/checkpoints/step-1/critic"
      let outcome = try program.run(
        "surrogate", "--samples", "64", "--per-problem", "4", "--critic", critic, "--lam", "0.5",
        "--quiet", "--summary", "s.json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("\nPSR-RL, tokens "))
      let rules = try #require(try program.object("s.json")["token_rules"]?.objectValue)
      #expect(
        rules.keys == ["PreRL", "NSR-PreRL", "PSR-PreRL", "RL", "NSR-RL", "PSR-RL"])
      let evaluated = try program.run(
        "evaluate", "--samples", "64", "--k", "1", "--critic", critic, "--continuations", "3",
        "--values", "v.h5", "--quiet", "--json")
      #expect(evaluated.status == 0, "\(evaluated.errors)")
      let states = try evaluated.object()["critic"]?.objectValue?["states"]?.objectValue
      #expect(states?["continuations"] == 3 && states?["critic_error_low"]?.doubleValue != nil)
      #expect((states?["kinds"]?.arrayValue?.count ?? 0) > 1)
      #expect(try program.run("inspect", "v.h5").output.contains("states/continuation_value"))
      for (more, message) in [
        (["--continuations", "3"], "--continuations without --critic"),
        (
          ["--critic", critic, "--continuations", "1"],
          "--continuations is 1 (expected an integer in 2...4096"
        ),
        (
          ["--critic", critic, "--continuations", "3", "--rollouts", "r.jsonl"],
          "--continuations with --rollouts"
        ),
      ] {
        let refused = try program.run(["evaluate"] + more)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
      }
      let continued = try program.run(
        "surrogate", "--samples", "64", "--per-problem", "4", "--continuations", "2", "--quiet",
        "--json", "--max-new-tokens", "200", "--temperature", "1.5")
      #expect(continued.status == 0, "\(continued.errors)")
      #expect(try continued.object()["token_rules"]?.objectValue?.keys.count == 6)
      #expect(try continued.object()["other_advantages"] == ["continuations": 2])
      for (more, message) in [
        (["--continuations", "2", "--rollouts", "r.jsonl"], "--continuations with --rollouts"),
        (["--continuations", "0"], "--continuations is 0 (expected an integer in 1...4096)"),
        (["--lam", "0.5"], "--lam without --critic"),
        (["--critic", critic, "--lam", "2"], "--lam is 2.0 (expected a number in 0...1)"),
        (["--critic", ""], "--critic is empty"),
        (["--critic", "absent", "--samples", "64"], "absent"),
      ] {
        let refused = try program.run(["surrogate"] + more)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
        #expect(refused.errors.count { $0 == "\n" } == 1)
      }
    }
  }

  @Test func aRewardModelGivesAdvantagesOfItsOwn() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try program.write(
        (0..<8).map {
          #"{"prompt_ids": [1, 3, \#(20 + $0)], "chosen_ids": [10, 30, 2], "rejected_ids": [11, 31]}"#
            + "\n"
        }.joined(), to: "pairs.jsonl")
      try program.write(
        #"{"algorithm": "reward-model", "steps": 1, "pairs": "pairs.jsonl", "pairs_per_step": 4}"#,
        to: "rm.json")
      let trained = try program.run("train", "rm.json", "--output", "rm", "--quiet")
      #expect(trained.status == 0, "\(trained.errors)")
      let model = ["--reward-model", "rm/checkpoints/step-1"]
      let outcome = try program.run(
        ["surrogate", "--samples", "64", "--per-problem", "4", "--quiet", "--json"] + model)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let rules = try #require(try outcome.object()["reward_model_rules"]?.objectValue)
      #expect(rules.keys.count == 6)
      for (more, message) in [
        (model + ["--critic", "a"], "--critic and --reward-model"),
        (["--reward-model", ""], "--reward-model is empty"),
      ] {
        let refused = try program.run(["surrogate"] + more)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
      }
    }
  }

  @Test func predictsEveryRuleOrSaysThatItCannot() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      let outcome = try program.run(
        "surrogate", "--samples", "64", "--per-problem", "4", "--quiet", "--summary", "s.json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let rules = try #require(try program.object("s.json")["rules"]?.objectValue)
      #expect(rules.keys.count == 8 && outcome.output.contains("\nNSR-PreRL "))
      let rl = try #require(rules["RL"]?.objectValue?["efficiency"]?.objectValue?["estimate"])
      #expect(rl == .real(1))
      // So few rollouts bound no ratio of signals.
      let prerl = try #require(rules["PreRL"]?.objectValue?["efficiency"]?.objectValue)
      #expect(prerl["low"] == .null && outcome.output.contains("unbounded"))

      // Updates come from the number sets of training, of which there are many more than held-out ones.
      let pools = try program.run(
        "surrogate", "--samples", "160", "--per-problem", "4", "--quiet", "--json")
      let counts = try pools.object()
      #expect((counts["training_clusters"]?.intValue ?? 0) > 24)
      #expect(8...24 ~= counts["held_out_clusters"]?.intValue ?? 0)

      let flat = (0..<16).map { index in
        """
        {"id": "r\(index)", "problem_id": "p\(index / 2)", "prompt_ids": [1, 3], \
        "response_ids": [8, \(20 + index), 2], "reward": 0}
        """
      }
      try program.write(flat.joined(separator: "\n") + "\n", to: "flat.jsonl")
      let refused = try program.run("surrogate", "--rollouts", "flat.jsonl", "--quiet")
      #expect(refused.status == 2)
      #expect(
        refused.errors.hasPrefix(
          "prerl: flat.jsonl: 4 clusters with groups of at least two among the rollouts of "
            + "training (at least 8)"))
      let shared = try program.run(
        "surrogate", "--rollouts", "flat.jsonl", "--held-out", "flat.jsonl", "--quiet")
      #expect(shared.status == 2)
      #expect(shared.errors.contains("rollout r0 has the cluster p0, which flat.jsonl has, too"))
    }
  }
}
