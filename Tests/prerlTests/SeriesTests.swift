// `align --series`: the same rollouts along a training.
import Foundation
import StrictJSON
import Testing

@Suite struct SeriesTests {
  @Test func checkpointsOfATrainingAreJoinedAlongTheirSteps() throws {
    try withProgram { program in
      try program.write(
        #"{"algorithm": "grpo", "steps": 3, "problems_per_step": 8, "rollouts_per_problem": 4, "#
          + #""evaluate_every": 0, "save_every": 1, "optimizer": {"learning_rate": 1e-3}}"#,
        to: "c.json")
      let trained = try program.run("train", "c.json", "--output", "run", "--keep", "9", "--quiet")
      #expect(trained.status == 0, "\(trained.errors)")
      let sampled = try program.run(
        "rollout", "--samples", "24", "--per-problem", "4", "--output", "r.jsonl", "--quiet")
      #expect(sampled.status == 0, "\(sampled.errors)")
      let control = ["--rollouts", "r.jsonl", "--control", "mismatched-prompt", "--quiet"]
      let series = ["align", "--series", "run/checkpoints/*"] + control
      let outcome = try program.run(series + ["--output", "s.h5", "--json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let rows = try #require(try JSON.parse(outcome.output).arrayValue).compactMap(\.objectValue)
      #expect(rows.compactMap { $0["checkpoint"]?.intValue } == [1, 2, 3])
      #expect(rows.compactMap { $0["name"]?.stringValue } == ["step-1", "step-2", "step-3"])
      // Each row is the checkpoint's own result.
      let second = try program.run(
        ["align", "--model", "run/checkpoints/step-2", "--output", "a.h5", "--summary", "a.json"]
          + control)
      #expect(second.status == 0, "\(second.errors)")
      let alone = try program.object("a.json")
      for name in ["cosine", "inner_product", "logp_gap"] {
        #expect(rows[1][name] == alone["\(name)_mean"] && rows[1][name] != nil, "\(name)")
        #expect(rows[1]["\(name)_low"] == alone["\(name)_mean_low"], "\(name)")
      }
      #expect(rows[0]["cosine"] != rows[1]["cosine"])
      #expect(rows[2]["cosine_less_last"]?.doubleValue == 0)
      func number(_ row: Int, _ name: String) throws -> Double {
        try #require(rows[row][name]?.doubleValue)
      }
      #expect(
        try abs(number(0, "cosine") - number(2, "cosine") - number(0, "cosine_less_last")) < 1e-12)
      let other = try #require(
        rows[1]["controls"]?.objectValue?["mismatched-prompt"]?.objectValue)
      let difference = try #require(other["main_less_control"]?.doubleValue)
      let cosine = try #require(other["cosine"]?.doubleValue)
      #expect(try abs(number(1, "cosine") - cosine - difference) < 1e-12)

      let text = try program.run(series + ["--output", "s.h5", "--resume"])
      #expect(text.status == 0 && text.output.contains("mismatched-prompt"), "\(text.errors)")
      let shown = try program.run("inspect", "s.h5").output
      #expect(shown.contains("controls/mismatched-prompt/main_less_control"))
      #expect(shown.contains("\ncomplete: 1\n") && shown.contains("\nhistory: 20"), "\(shown)")
      let exported = try program.run("export", "s.h5", "--csv", "tables")
      #expect(exported.status == 0, "\(exported.errors)")

      try FileManager.default.removeItem(atPath: program.folder + "/s.h5")
      for (arguments, message) in [
        (series + ["--output", "s.h5"], "an earlier run left its parts"),
        (["align", "--series", "run/checkpoints/*"], "--series without --rollouts"),
        (series + ["--model", "run/checkpoints/step-1"], "--model with --series"),
        (["align", "--series", "nowhere/*"] + control, "which matches no checkpoint folder"),
        (series + ["--output", "a.h5", "--resume"], "a.h5: is no series"),
        (
          [
            "align", "--series", "run/checkpoints/*", "--rollouts", "absent.jsonl", "--output",
            "b.h5",
          ],
          "absent.jsonl"
        ),
        (["align", "--series", "run/checkpoint*"] + control, "which matches no checkpoint folder"),
      ] {
        let refused = try program.run(arguments)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
        #expect(refused.errors.count { $0 == "\n" } == 1)
      }
      #expect(!program.exists("b.h5.parts"), "a run that cannot start leaves nothing")
    }
  }
}
