import StrictJSON
import Testing

@Suite struct EvaluateTests {
  /// Two problems with two rollouts each, of which one is right.
  private static let rollouts = """
    {"id":"a","problem_id":"p","prompt_ids":[1,3,20,21,22,4,5,25,6],"response_ids":[13,20,14,21,14,22,2],"reward":1}
    {"id":"b","problem_id":"p","prompt_ids":[1,3,20,21,22,4,5,25,6],"response_ids":[11,13,20,14,21,15,22,2],"reward":0}
    {"id":"c","problem_id":"q","prompt_ids":[1,3,23,24,25,4,5,34,6],"response_ids":[12,12,6],"reward":0}
    {"id":"d","problem_id":"q","prompt_ids":[1,3,23,24,25,4,5,34,6],"response_ids":[19,14,19,16,20,2],"reward":0}

    """

  @Test func jsonHasTheContractsKeys() throws {
    try withProgram { program in
      let outcome = try program.run(
        "evaluate", "--samples", "64", "--k", "8,1", "--json", "--quiet")
      #expect(outcome.status == 0)
      #expect(outcome.errors.isEmpty)
      let object = try outcome.object()
      #expect(
        object.keys == ["accuracy", "avg_at_k", "pass_at_k", "response_length", "ended", "moves"])
      #expect(object["pass_at_k"]?.objectValue?.keys == ["1", "8"])
      var entries = ["accuracy", "response_length", "ended"].compactMap { object[$0]?.objectValue }
      for key in ["avg_at_k", "pass_at_k", "moves"] {
        entries += object[key]?.objectValue?.members.compactMap(\.value.objectValue) ?? []
      }
      #expect(entries.count == 12)
      for entry in entries {
        #expect(entry.keys == ["mean", "low", "high", "n"])
        let mean = try #require(entry["mean"]?.doubleValue)
        let low = try #require(entry["low"]?.doubleValue)
        let high = try #require(entry["high"]?.doubleValue)
        #expect(low <= mean && mean <= high)
      }
    }
  }

  @Test func statisticsOfAFileAreThoseCountedByHand() throws {
    try withProgram { program in
      try program.write(Self.rollouts, to: "a.jsonl")
      let outcome = try program.run("evaluate", "--rollouts", "a.jsonl", "--k", "1,2,3", "--json")
      #expect(outcome.status == 0)
      let object = try outcome.object()
      func mean(_ path: String...) throws -> Double {
        var value: JSON? = .object(object)
        for key in path + ["mean"] { value = value?.objectValue?[key] }
        return try #require(value?.doubleValue)
      }
      #expect(try mean("accuracy") == 0.25)
      #expect(try mean("avg_at_k", "2") == 0.25)
      #expect(try mean("pass_at_k", "1") == 0.25)
      #expect(try mean("pass_at_k", "2") == 0.5)
      #expect(
        object["pass_at_k"]?.objectValue?["3"] == ["mean": nil, "low": nil, "high": nil, "n": 0])
      #expect(try mean("response_length") == 6)
      #expect(try mean("ended") == 0.75)
      #expect(try mean("moves", "transitions") == 0.25)
      #expect(try mean("moves", "reflections") == 0.5)
      #expect(abs(try mean("moves", "transitions_per_100_tokens") - 100.0 / 24) < 1e-12)
      #expect(abs(try mean("moves", "reflections_per_100_tokens") - 200.0 / 24) < 1e-12)
      #expect(try mean("moves", "false_step_share") == 1)
    }
  }

  @Test func samplingAndItsFileGiveTheSameNumbers() throws {
    try withProgram { program in
      _ = try program.run("rollout", "--samples", "80", "--output", "a.jsonl")
      let file = try program.run("evaluate", "--rollouts", "a.jsonl", "--k", "1,8", "--json")
      let fresh = try program.run(
        "evaluate", "--samples", "80", "--per-problem", "8", "--k", "1,8", "--json")
      #expect(file.output == fresh.output)
      #expect(!file.output.isEmpty)
    }
  }

  @Test func rolloutsWithoutRewardAreVerified() throws {
    try withProgram { program in
      let text = Self.rollouts.replacing(/,"reward":./, with: "")
      try program.write(text, to: "a.jsonl")
      let outcome = try program.run("evaluate", "--rollouts", "a.jsonl", "--json")
      let object = try outcome.object()
      #expect(object["accuracy"]?.objectValue?["mean"] == .real(0.25))
    }
  }

  @Test(arguments: [
    ("", ":1: no rollouts (expected one JSON object a line)"),
    (rollouts + "{\"id\":", ":5: broken JSON"),
    (rollouts.replacing("\"id\":\"d\"", with: "\"id\":\"a\""), ":4: the id \"a\" of line 1 again"),
    (rollouts.replacing("[12,12,6]", with: "[12,56,6]"), ":3: response_ids[1] is 56"),
    (rollouts.replacing("[12,12,6]", with: "[]"), ":3: response_ids is empty"),
    (rollouts.replacing("\"reward\":1", with: "\"reward\":\"yes\""), ":1: reward is \"yes\""),
    (
      rollouts.replacing(
        #"5,34,6],"response_ids":[12,12,6],"reward":0"#,
        with: #"5,34],"response_ids":[12,12,6]"#), ":3: no reward (expected a number"
    ),
  ])
  func malformedRolloutsAreOneLineWithFileAndLine(text: String, message: String) throws {
    try withProgram { program in
      try program.write(text, to: "a.jsonl")
      let outcome = try program.run("evaluate", "--rollouts", "a.jsonl")
      #expect(outcome.status == 2)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("prerl: a.jsonl\(message)"), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }
}
