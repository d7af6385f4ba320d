// `plan`: memory and time of an alignment before it runs.
import StrictJSON
import Testing

@Suite struct PlanTests {
  @Test func memoryFollowsFromShapesAndTimeFromAMeasurement() throws {
    try withProgram { program in
      let sampled = try program.run(
        "rollout", "--samples", "32", "--per-problem", "2", "--output", "r.jsonl", "--quiet")
      #expect(sampled.status == 0, "\(sampled.errors)")
      let plan = ["plan", "--rollouts", "r.jsonl", "--quiet"]
      func numbers(_ more: String...) throws -> JSONObject {
        let outcome = try program.run(plan + ["--json"] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.object()
      }
      let one = try numbers("--seconds", "0.2", "--threads", "1")
      #expect(one["weight_bytes"] == 2_392_320 && one["rollouts"] == 32)
      #expect(
        (one["seconds"]?.doubleValue ?? 0) > 0 && (one["measured_rollouts"]?.intValue ?? 0) > 0)
      #expect(one["collection_bytes"] == .null)
      let three = try numbers("--seconds", "0", "--threads", "3", "--control", "cross")
      func number(_ object: JSONObject, _ name: String) throws -> Int {
        try #require(object[name]?.intValue)
      }
      #expect(three["seconds"] == nil)
      #expect(try number(three, "collection_bytes") > number(three, "bytes"))
      #expect(
        try number(three, "bytes") - number(one, "bytes") == 2 * number(one, "workspace_bytes"))

      let text = try program.run(plan + ["--seconds", "0.1"])
      #expect(text.output.contains("tokens a second") && !text.output.contains("More than"))
      // Room for the weights and two workspaces.
      let limit = try number(one, "bytes") + number(one, "workspace_bytes")
      let tight = try program.run(
        plan + ["--threads", "8", "--memory-limit", "\(limit / 1000 + 1)kB"])
      #expect(tight.status == 0, "\(tight.errors)")
      #expect(tight.output.contains("--threads 2 would fit."), "\(tight.output)")
      for (arguments, message) in [
        (["plan"], "--rollouts"),
        (plan + ["--control", "all", "--seconds", "-1"], "--seconds is -1.0"),
        (plan + ["--control", "nothing"], "--control is nothing (expected one of: "),
        (["plan", "--rollouts", "absent.jsonl"], "absent.jsonl"),
      ] {
        let refused = try program.run(arguments)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
      }
    }
  }
}
