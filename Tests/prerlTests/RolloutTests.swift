import Foundation
import Glibc
import Testing

@Suite struct RolloutTests {
  @Test func sameBytesOnAnyNumberOfThreads() throws {
    try withProgram { program in
      for threads in ["1", "2", "3"] {
        let outcome = try program.run(
          "rollout", "--samples", "200", "--threads", threads, "--quiet", "--output", threads)
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
      }
      #expect(try program.read("1") == program.read("2"))
      #expect(try program.read("1") == program.read("3"))
      #expect(try program.objects("1").count == 200)
    }
  }

  @Test func aLongerListBeginsWithAShorterOneAndSeedsDiffer() throws {
    try withProgram { program in
      _ = try program.run("rollout", "--samples", "20", "--output", "short")
      _ = try program.run("rollout", "--samples", "100", "--output", "long")
      _ = try program.run("rollout", "--samples", "20", "--output", "other", "--seed", "1")
      #expect(try program.read("long").starts(with: program.read("short")))
      let (first, other) = (try program.objects("short"), try program.objects("other"))
      #expect(first.map { $0["prompt"] } == other.map { $0["prompt"] })
      #expect(first.map { $0["response"] } != other.map { $0["response"] })
    }
  }

  @Test func problemsOfTrainingShareNoClusterWithHeldOutOnes() throws {
    try withProgram { program in
      for (output, more) in [("held-out", []), ("training", ["--training-problems"])] {
        let outcome = try program.run(
          ["rollout", "--samples", "80", "--per-problem", "2", "--output", output] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let clusters = try ["held-out", "training"].map { name in
        Set(try program.objects(name).map { $0["cluster"]?.stringValue })
      }
      #expect(clusters[0].isDisjoint(with: clusters[1]) && clusters[1].count > 20)
      #expect(try program.objects("training")[0]["problem_id"] == "t0")
      let both = try program.run(
        "rollout", "--training-problems", "--problems", "a", "--output", "b")
      #expect(both.status == 2)
      #expect(both.errors.hasPrefix("prerl: --training-problems with --problems"))
    }
  }

  @Test func linesHaveNamesTextsIdsAndARewardThatHolds() throws {
    try withProgram { program in
      _ = try program.run("rollout", "--samples", "24", "--output", "a")
      let lines = try program.objects("a")
      #expect(lines.map { $0["id"]?.stringValue }[7...8] == ["p0-r7", "p1-r0"])
      for line in lines {
        let prompt = try #require(line["prompt"]?.stringValue)
        let response = try #require(line["response"]?.stringValue)
        let answer = try #require(line["answer"]?.stringValue)
        #expect(prompt.hasSuffix("to make \(answer) ."))
        let words = prompt.split(separator: " ").dropFirst(2).prefix(3)
        let numbers = words.compactMap { Int($0) }.sorted().map(String.init)
        #expect(line["cluster"]?.stringValue == numbers.joined(separator: "-"))
        #expect(line["response_ids"]?.arrayValue?.count == response.split(separator: " ").count)
        // An independent reading of the answer.
        let answerWords = response.components(separatedBy: "Answer ").last?.split(separator: " ")
        let terms = try #require(answerWords)
        var isRight = false
        if terms.count == 6, terms[5] == "<eos>",
          let a = Int(terms[0]), let b = Int(terms[2]), let c = Int(terms[4])
        {
          let value = a + (terms[1] == "-" ? -b : b) + (terms[3] == "-" ? -c : c)
          isRight = String(value) == answer && [a, b, c].sorted().map(String.init) == numbers
        }
        #expect(line["reward"]?.doubleValue == (isRight ? 1 : 0), "\(response)")
      }
    }
  }

  @Test func anExistingOutputStaysWithoutOverwrite() throws {
    try withProgram { program in
      try program.write("precious", to: "a")
      let refused = try program.run("rollout", "--samples", "8", "--output", "a")
      #expect(refused.status == 2)
      #expect(
        refused.errors == "prerl: a: the file exists already (--overwrite replaces it)\n")
      #expect(try program.read("a") == Array("precious".utf8))
      #expect(
        try program.run("rollout", "--samples", "8", "--output", "a", "--overwrite").status == 0)
      #expect(try program.objects("a").count == 8)
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func aFolderWithoutPermissionIsStatus3() throws {
    try withProgram { program in
      let folder = program.folder + "/locked"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder)
      let outcome = try program.run("rollout", "--samples", "8", "--output", "locked/a")
      #expect(outcome.status == 3)
      #expect(outcome.errors.hasPrefix("prerl: locked/a: cannot write"))
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }

  @Test func problemsOfAFileAreAskedEvenlyAndInOrder() throws {
    try withProgram { program in
      try program.write(
        """
        {"id":"easy","prompt":"Use 1 2 3 to make 6 ."}
        {"id":"other","prompt":"<bos> Use 4 5 6 to make 15 .","cluster":"mine"}

        """, to: "problems.jsonl")
      let outcome = try program.run(
        "rollout", "--problems", "problems.jsonl", "--samples", "5", "--output", "a", "--json")
      #expect(outcome.status == 0)
      #expect(try outcome.object()["rollouts"] == 5)
      let lines = try program.objects("a")
      #expect(
        lines.map { $0["id"]?.stringValue } == [
          "easy-r0", "easy-r1", "easy-r2", "other-r0", "other-r1",
        ])
      #expect(lines.map { $0["cluster"]?.stringValue }[2...3] == ["1-2-3", "mine"])
      #expect(lines[0]["prompt_ids"] == [1, 3, 20, 21, 22, 4, 5, 25, 6])
    }
  }

  @Test(arguments: [
    ("", ":1: no problems (expected one JSON object a line)"),
    (#"{"id":"a","prompt":"Use 1 2 3 to make 6 ."}"# + "\n{", ":2: broken JSON"),
    (#"{"id":"a","prompt":"Use 1 2 3 to make soup ."}"#, ":1: the prompt cannot be encoded"),
    (#"{"id":"a","prompt":"Use 1 2 to make 6 ."}"#, ":1: no Countdown problem"),
    (
      #"{"id":"a","messages":[{"role":"user","content":"hi"}]}"#,
      ":1: the prompt cannot be encoded: messages need a chat template"
    ),
  ])
  func malformedProblemsAreOneLineWithFileAndLine(text: String, message: String) throws {
    try withProgram { program in
      try program.write(text, to: "problems.jsonl")
      let outcome = try program.run("rollout", "--problems", "problems.jsonl", "--output", "a")
      #expect(outcome.status == 2)
      #expect(outcome.errors.hasPrefix("prerl: problems.jsonl\(message)"), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
      #expect(!program.exists("a"))
    }
  }

  /// Waits until a file has grown to `bytes`; the program must still be running then.
  private func wait(for file: String, _ bytes: Int, _ program: Program, _ process: Process) throws {
    let deadline = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < deadline, (try? program.read(file).count) ?? 0 < bytes {
      Thread.sleep(forTimeInterval: 0.005)
    }
    try #require(process.isRunning && program.exists(file))
  }

  /// Finished streams survive Ctrl-C and kill -9. A resumed run samples the others and gives the same
  /// bytes.
  @Test(arguments: [SIGINT, SIGKILL]) func whatWasSampledIsKept(signal: Int32) throws {
    try withProgram { program in
      let log = program.folder + "/log"
      let options = ["rollout", "--samples", "4000", "--threads", "1"]
      let process = try program.start(options + ["--output", "a"], log: log)
      try wait(for: "a.journal", 20_000, program, process)
      if signal == SIGINT {
        let outcome = try program.interrupt(process, log: log)
        #expect(outcome.status == 130)
        #expect(
          outcome.errors.hasSuffix("of 4000 rollouts (a.journal has them, --resume goes on)\n"),
          "\(outcome.errors)")
      } else {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
      }
      #expect(!program.exists("a"))
      let refused = try program.run(options + ["--output", "a"])
      #expect(refused.status == 2 && refused.errors.contains("--resume continues it"))
      let other = try program.run(options + ["--output", "a", "--resume", "--seed", "1"])
      #expect(other.status == 2 && other.errors.contains("seed is 0 there (expected 1)"))
      #expect(try program.run(options + ["--output", "a", "--resume"]).status == 0)
      #expect(try program.run(options + ["--output", "b"]).status == 0)
      #expect(try program.read("a") == program.read("b"))
      #expect(!program.exists("a.journal"))
    }
  }

  @Test func aFinishedFileIsLeftAloneByResume() throws {
    try withProgram { program in
      #expect(try program.run("rollout", "--samples", "16", "--output", "a").status == 0)
      let bytes = try program.read("a")
      let again = try program.run("rollout", "--samples", "16", "--output", "a", "--resume")
      #expect(again.status == 0)
      #expect(
        again.errors.hasPrefix(
          "a has rollouts of these problems already; there is nothing to resume"))
      let fewer = try program.run("rollout", "--samples", "8", "--output", "a", "--resume")
      #expect(fewer.status == 2 && fewer.errors.contains("rollouts of another run"))
      #expect(try program.read("a") == bytes)
    }
  }

  @Test(arguments: [["rollout", "--output", "a"], ["align"], ["train", "c.json"]])
  func resumingAndOverwritingContradictEachOther(command: [String]) throws {
    try withProgram { program in
      let outcome = try program.run(command + ["--resume", "--overwrite"])
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("--resume and --overwrite contradict each other"))
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }

  /// What cannot begin leaves nothing.
  @Test func anAbsentModelLeavesNoJournal() throws {
    try withProgram { program in
      let rollout = try program.run("rollout", "--model", "none", "--samples", "4", "--output", "a")
      let align = try program.run("align", "--model", "none", "--samples", "4", "--output", "a.h5")
      #expect(rollout.status == 2 && align.status == 2)
      let names = try FileManager.default.contentsOfDirectory(atPath: program.folder)
      #expect(names.allSatisfy { !$0.hasSuffix(".journal") })
    }
  }

  @Test func alignmentKeepsWhatItSampled() throws {
    try withProgram { program in
      let log = program.folder + "/log"
      let options = ["align", "--samples", "800", "--threads", "1", "--quiet"]
      let process = try program.start(options + ["--output", "a.h5"], log: log)
      try wait(for: "a.h5.journal", 1, program, process)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(program.exists("a.h5.rollouts.journal"))
      // Rollouts of other settings are neither used nor discarded.
      try FileManager.default.removeItem(atPath: program.folder + "/a.h5.journal")
      let other = try program.run("align", "--samples", "8", "--quiet", "--output", "a.h5")
      #expect(other.status == 2)
      #expect(
        other.errors.contains("another run, which --overwrite discards: sampling.samples is 800"))
      #expect(try program.run(options + ["--output", "a.h5", "--resume"]).status == 0)
      #expect(!program.exists("a.h5.rollouts.journal") && !program.exists("a.h5.journal"))
      #expect(try program.run(options + ["--output", "b.h5"]).status == 0)
      #expect(try program.run("diff", "a.h5", "b.h5").status == 0)
    }
  }
}
