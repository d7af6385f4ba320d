// `rank`: every line again with its scores, and the same ones in less memory.
import Foundation
import StrictJSON
import Testing

@Suite struct RankTests {
  private static func sample(_ program: Program) throws {
    for (options, file) in [(["--training-problems"], "t.jsonl"), (["--seed", "1"], "h.jsonl")] {
      let run = try program.run(
        ["rollout"] + options + [
          "--samples", "96", "--per-problem", "4", "--output", file, "--quiet",
        ])
      #expect(run.status == 0, "\(run.errors)")
    }
  }

  @Test func linesComeAgainWithScores() throws {
    try withProgram { program in
      try Self.sample(program)
      let rank = ["rank", "--rollouts", "t.jsonl", "--against", "h.jsonl", "--quiet"]
      let outcome = try program.run(rank + ["--output", "ranked.jsonl", "--json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let (before, after) = (try program.objects("t.jsonl"), try program.objects("ranked.jsonl"))
      #expect(before.count == 96 && after.count == 96)
      var total = 0.0
      for (old, new) in zip(before, after) {
        for (key, value) in old.members { #expect(new[key] == value) }
        let rank = try #require(new["rank"]?.objectValue)
        let score = try #require(rank["score"]?.doubleValue)
        let (low, high) = (rank["low"]?.doubleValue ?? .nan, rank["high"]?.doubleValue ?? .nan)
        #expect(low <= score && score <= high)
        #expect(rank["problem_step_high"]?.doubleValue != nil)
        #expect(abs(rank["weighted_cosine"]?.doubleValue ?? 2) <= 1)
        total += score
      }
      let object = try outcome.object()
      let gain = try #require(
        object["gradient"]?.objectValue?["gain"]?.objectValue?["estimate"]?.doubleValue)
      #expect(abs(gain - total / 96) < 1e-9 * abs(gain) + 1e-12)

      // Slices of the gradients, another number of threads, and the output read as rollouts.
      let small = try program.run(
        [
          "rank", "--rollouts", "ranked.jsonl", "--against", "h.jsonl", "--quiet", "--json",
          "--threads", "1", "--memory-limit", "170MiB", "--output", "again.jsonl",
        ])
      #expect(small.status == 0, "\(small.errors)")
      #expect(small.output == outcome.output)
      #expect(try program.read("again.jsonl") == program.read("ranked.jsonl"))
      let tiny = try program.run(rank + ["--memory-limit", "60MiB"])
      #expect(tiny.status != 0 && tiny.errors.contains("--memory-limit"), "\(tiny.errors)")

      let desk = URL(fileURLWithPath: program.path).deletingLastPathComponent()
        .appendingPathComponent("prerl_prerl.resources/desk").path
      let text = try program.run(
        rank + ["--space", "pre-train", "--show", "2", "--null-model", desk])
      #expect(text.status == 2 && text.errors.contains("tokenizer"), "\(text.errors)")
      let marginal = try program.run(rank + ["--space", "pre-train", "--show", "2"])
      #expect(marginal.status == 0 && marginal.output.contains("steps of Adam"))
    }
  }

  @Test func badInputIsRefusedInOneLine() throws {
    try withProgram { program in
      try Self.sample(program)
      let (training, heldOut) = (try program.objects("t.jsonl"), try program.objects("h.jsonl"))
      func write(_ name: String, _ lines: [JSONObject], _ change: (inout JSONObject) -> Void) throws
      {
        let text = lines.map { line in
          var line = line
          change(&line)
          return JSON.object(line).text() + "\n"
        }
        try program.write(text.joined(), to: name)
      }
      try write("shared.jsonl", training) { $0["cluster"] = "of its own" }
      try write("prompt.jsonl", training) {
        $0["cluster"] = "of its own"
        $0["problem_id"] = .string("other " + ($0["problem_id"]?.stringValue ?? ""))
      }
      try write("unscored.jsonl", heldOut) { $0["reward"] = nil }
      for (arguments, message) in [
        (["--rollouts", "t.jsonl", "--against", "t.jsonl"], "which t.jsonl has, too"),
        (
          ["--rollouts", "t.jsonl", "--against", "shared.jsonl"],
          "has the problem t0, which t.jsonl has"
        ),
        (
          ["--rollouts", "t.jsonl", "--against", "prompt.jsonl"],
          "has the prompt, which t.jsonl has"
        ),
        (
          ["--rollouts", "t.jsonl", "--against", "unscored.jsonl"],
          " has no reward"
        ),
        (["--rollouts", "absent.jsonl", "--against", "h.jsonl"], "absent.jsonl"),
        (
          ["--rollouts", "t.jsonl", "--against", "h.jsonl", "--output", "t.jsonl", "--overwrite"],
          "t.jsonl"
        ),
        (
          ["--rollouts", "t.jsonl", "--against", "h.jsonl", "--null-context", "bos"],
          "--null-context with --space post-train"
        ),
      ] {
        let refused = try program.run(["rank"] + arguments)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
        #expect(refused.errors.count { $0 == "\n" } == 1)
      }
    }
  }
}
