import Foundation
import Glibc
import StrictJSON
import Testing

/// `evaluate` with verifiers: the built-in one, a command, and the audit between them.
@Suite struct EvaluateVerificationTests {
  /// A right answer and three rewards, of which the second and the last are wrong.
  private static let rollouts = #"""
    {"id":"a","problem_id":"p","prompt_ids":[1,3],"response_ids":[13,2],"response":"so \\boxed{1/2}","answer":"0.5"}
    {"id":"b","problem_id":"p","prompt_ids":[1,3],"response_ids":[13,2],"response":"so \\boxed{5}","answer":"0.5","reward":1}
    {"id":"c","problem_id":"q","prompt_ids":[1,4],"response_ids":[13,2],"response":"so what","answer":"7","reward":0}
    {"id":"d","problem_id":"q","prompt_ids":[1,4],"response_ids":[13,2],"response":"The answer is 7.","answer":7,"reward":0}

    """#
  private static let approve = #"sed -E 's/"response".*/"reward":1}/'"#

  private func evaluate(
    _ program: Program, _ arguments: String...
  ) throws -> (accuracy: JSON?, object: JSONObject) {
    try program.write(Self.rollouts, to: "a.jsonl")
    let outcome = try program.run(
      ["evaluate", "--rollouts", "a.jsonl", "--k", "1", "--json"] + arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let object = try outcome.object()
    return (object["accuracy"]?.objectValue?["mean"], object)
  }

  @Test func onlyMissingRewardsAreVerifiedUnlessAsked() throws {
    try withProgram { program in
      let some = try evaluate(program)
      #expect(some.accuracy == .real(0.5))
      #expect(some.object["verifier"] == "built-in")
      #expect(
        some.object["outcomes"] == ["correct": 1, "wrong": 0, "unparsed": 0, "over_budget": 0])
      #expect(some.object["audit"] == nil)
      let all = try evaluate(program, "--verify")
      #expect(all.accuracy == .real(0.5))
      #expect(
        all.object["outcomes"] == ["correct": 2, "wrong": 1, "unparsed": 1, "over_budget": 0])
    }
  }

  @Test func aCommandReplacesTheBuiltInVerifier() throws {
    try withProgram { program in
      let found = try evaluate(program, "--verifier", Self.approve)
      #expect(found.accuracy == .real(1))
      #expect(found.object["verifier"] == .string(Self.approve))
      #expect(
        found.object["outcomes"] == ["correct": 4, "wrong": 0, "unparsed": 0, "over_budget": 0])
      let quiet = try evaluate(
        program, "--verifier", "head -n 1 | \(Self.approve); sleep 600", "--verifier-timeout", "0.5"
      )
      #expect(quiet.accuracy == .real(0.25))
      #expect(
        quiet.object["outcomes"] == ["correct": 1, "wrong": 0, "unparsed": 0, "over_budget": 3])
    }
  }

  @Test func theAuditListsWhereVerifiersDisagree() throws {
    try withProgram { program in
      let two = try #require(try evaluate(program, "--audit").object["audit"]?.objectValue)
      #expect(two["compared"] == 3)
      #expect(two["disagreements"] == 2)
      let samples = try #require(two["samples"]?.arrayValue)
      #expect(samples.map { $0.objectValue?["id"] } == ["b", "d"])
      #expect(
        samples[0] == [
          "id": "b", "problem_id": "p", "answer": "0.5",
          "file": ["outcome": "correct", "reward": 1.0],
          "built_in": [
            "outcome": "wrong", "reward": 0.0, "extracted": "5", "rule": "boxed",
            "reason": "\"5\" is not \"0.5\", by value",
          ],
        ])
      let three = try evaluate(program, "--audit", "d.jsonl", "--verifier", Self.approve)
      #expect(three.object["audit"] == ["compared": 4, "disagreements": 3])
      #expect(try program.objects("d.jsonl").map { $0["id"] } == ["b", "c", "d"])
      #expect(
        try program.objects("d.jsonl")[1]["external"]?.objectValue?["outcome"] == "correct")
      let again = try program.run("evaluate", "--rollouts", "a.jsonl", "--audit", "d.jsonl")
      #expect(again.status == 2)
      #expect(again.errors == "prerl: d.jsonl: the file exists already (--overwrite replaces it)\n")
    }
  }

  @Test func theTableNamesVerifierAndDisagreements() throws {
    try withProgram { program in
      try program.write(Self.rollouts, to: "a.jsonl")
      let output = try program.run("evaluate", "--rollouts", "a.jsonl", "--verify", "--audit")
        .output
      #expect(
        output.contains(
          "verified (built-in): 2 correct, 1 wrong, 1 unparsed, 0 over budget\n"
            + "audit: 2 of 3 samples are judged differently\n"))
      #expect(output.contains(#""d"     file wrong, built-in correct  "7""#))
    }
  }

  @Test func aWrongRewardOfTheEmbeddedTaskIsFound() throws {
    try withProgram { program in
      try program.write(
        #"{"id":"a","prompt_ids":[1,3,20,21,22,4,5,25,6],"response_ids":[13,20,14,21,14,22,2],"reward":0}"#,
        to: "a.jsonl")
      let outcome = try program.run("evaluate", "--rollouts", "a.jsonl", "--audit", "--json")
      let audit = try outcome.object()["audit"]?.objectValue
      let found = audit?["samples"]?.arrayValue?.first?.objectValue?["built_in"]?.objectValue
      #expect(found?["outcome"] == "correct")
      #expect(found?["extracted"] == "Answer 1 + 2 + 3 <eos>")
    }
  }

  @Test(arguments: [
    (["--verifier", "exit 4"], #"verifier "exit 4": exit status 4 (expected 0)"#),
    (
      ["--verifier", #"echo '{"id":"z","reward":1}'"#],
      #"verifier "echo '{\"id\":\"z\",\"reward\":1}'":1: the id "z" (expected one of the samples')"#
    ),
    (
      ["--verifier", ""],
      "--verifier is empty (expected a shell command) (see prerl evaluate --help)"
    ),
    (["--verifier", "true", "--verifier-timeout", "-1"], "--verifier-timeout is -1.0 (expected"),
    (["--audit", "no/d.jsonl"], "no/d.jsonl: the folder "),
  ])
  func failuresAreOneLine(arguments: [String], message: String) throws {
    try withProgram { program in
      try program.write(Self.rollouts, to: "a.jsonl")
      let outcome = try program.run(["evaluate", "--rollouts", "a.jsonl"] + arguments)
      #expect(outcome.status == 2)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }

  @Test func whatCannotBeVerifiedIsRefusedWithItsLine() throws {
    try withProgram { program in
      let line = #"{"prompt_ids":[1,3],"response_ids":[13,2],"reward":1}"#
      try program.write(line + "\n", to: "a.jsonl")
      for (option, message) in [
        ("--verify", "a.jsonl:1: no answer (expected an answer to verify the response against)"),
        ("--audit", "--audit has nothing to compare (expected two of: rewards"),
      ] {
        let outcome = try program.run("evaluate", "--rollouts", "a.jsonl", option)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
      }
    }
  }

  @Test func interruptingKillsTheVerifier() throws {
    try withProgram { program in
      try program.write(Self.rollouts, to: "a.jsonl")
      let log = "\(program.folder)/log"
      let process = try program.start(
        [
          "evaluate", "--rollouts", "a.jsonl", "--verifier",
          "sleep 600 & echo $! > pid; wait",
        ], log: log)
      let deadline = Date(timeIntervalSinceNow: 30)
      while !program.exists("pid"), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
      let outcome = try program.interrupt(process, log: log)
      #expect(outcome.status == 130)
      #expect(outcome.errors == "prerl: interrupted while verifying (nothing was written)\n")
      let text = String(decoding: try program.read("pid"), as: UTF8.self)
      let id = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
      let state = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
      #expect(kill(id, 0) != 0 || state?.contains(") Z ") == true)
    }
  }
}
