import Foundation
import Testing

@Suite struct CommandLineTests {
  @Test func everyCommandHelpsWithAnExample() throws {
    try withProgram { program in
      let overview = try program.run("--help")
      #expect(overview.status == 0)
      #expect(overview.errors.isEmpty)
      // The names stand two spaces from the left under their heading.
      let list = try #require(overview.output.components(separatedBy: "SUBCOMMANDS:\n").last)
      let names = list.split(separator: "\n").filter {
        $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.hasPrefix("  See")
      }.compactMap { $0.split(separator: " ").first.map(String.init) }
      #expect(Set(names).isSuperset(of: ["rollout", "evaluate", "train", "bench", "selfcheck"]))
      for name in names {
        let help = try program.run(name, "--help")
        #expect(help.status == 0)
        #expect(help.errors.isEmpty)
        #expect(help.output.contains("Example: prerl \(name)"))
        #expect(help.output.contains("--json"), "\(name) prints no JSON")
      }
    }
  }

  /// A command takes no option that has no effect on it.
  @Test(arguments: [
    ("diff a b", ["--model m", "--seed 1", "--threads 1", "--quiet", "--overwrite"]),
    ("inspect a", ["--model m", "--seed 1", "--threads 1", "--quiet", "--overwrite"]),
    ("merge --output a b", ["--model m", "--seed 1", "--threads 1", "--quiet"]),
    ("export a --npz b", ["--model m", "--seed 1", "--threads 1", "--quiet"]),
    ("compare a", ["--model m", "--seed 1", "--threads 1", "--quiet"]),
    ("tokenize", ["--seed 1", "--threads 1", "--quiet", "--overwrite"]),
    ("replay a", ["--seed 1", "--overwrite", "--no-thinking"]),
    ("regress", ["--seed 1", "--overwrite", "--no-thinking"]),
    ("thoughts a", ["--threads 1", "--no-thinking"]),
    ("selfcheck", ["--threads 1", "--overwrite", "--no-thinking"]),
  ])
  func optionsWithoutEffectAreRefused(command: String, options: [String]) throws {
    try withProgram { program in
      for option in options {
        let outcome = try program.run(
          (command + " " + option).split(separator: " ").map(String.init))
        #expect(outcome.status == 2, "\(command) \(option)")
        #expect(outcome.errors.contains("unknown option"), "\(outcome.errors)")
      }
    }
  }

  @Test func versionIsOneLine() throws {
    try withProgram { program in
      let outcome = try program.run("--version")
      #expect(outcome.status == 0)
      #expect(outcome.output.wholeMatch(of: /prerl \d+\.\d+\.\d+\n/) != nil)
    }
  }

  @Test(arguments: [
    ("frob", "unknown command 'frob' (expected one of: "),
    ("rollout", "missing expected argument '--output <file.jsonl>' (see prerl rollout --help)"),
    ("rollout --output", "missing value for '--output <file.jsonl>' (see prerl rollout --help)"),
    (
      "rollout --output a --frobnicate",
      "unknown option '--frobnicate' (see prerl rollout --help)"
    ),
    ("rollout --output a extra", "unexpected argument 'extra' (see prerl rollout --help)"),
    (
      "rollout --output a --threads x",
      "the value 'x' is invalid for '--threads <n>' (see prerl rollout --help)"
    ),
    (
      "rollout --output a --threads 0",
      "--threads is 0 (expected an integer in 1...1024) (see prerl rollout --help)"
    ),
    (
      "evaluate --seed -1",
      "--seed is -1 (expected an integer of at least 0) (see prerl evaluate --help)"
    ),
    (
      "evaluate --k 1,x",
      "the value '1,x' is invalid for '--k <list>': expected integers of at least 1 with commas "
        + "between, such as 1,8,32 (see prerl evaluate --help)"
    ),
    (
      "evaluate --rollouts a --reward-model b --k 2",
      "--k with --reward-model (expected only one: the reward model reads and scores the file) (see prerl evaluate --help)"
    ),
    (
      "evaluate --rollouts a --samples 3",
      "--samples with --rollouts (expected only one: nothing is sampled) (see prerl evaluate --help)"
    ),
    (
      "evaluate --temperature -1",
      "--temperature is -1.0 (expected a number of at least 0) (see prerl evaluate --help)"
    ),
    ("train", "missing expected argument '<config.json>' (see prerl train --help)"),
    ("train nowhere.json", "nowhere.json: there is no such file (expected a configuration)"),
    (
      "evaluate --model nowhere",
      "nowhere/config.json: cannot be read (expected a checkpoint folder with config.json)"
    ),
    ("evaluate --rollouts nowhere.jsonl", "nowhere.jsonl: "),
    ("evaluate --problems nowhere.jsonl", "nowhere.jsonl: "),
    (
      "rollout --output nowhere/a.jsonl",
      "nowhere/a.jsonl: the folder "
    ),
    (
      "evaluate --max-new-tokens 1000",
      "--max-new-tokens is 1000 (expected at most 247: the model has 256 positions, "
        + "the longest prompt 9 tokens)"
    ),
  ])
  func wrongUsageIsOneLineAndStatus2(line: String, message: String) throws {
    try withProgram { program in
      let outcome = try program.run(line.split(separator: " ").map(String.init))
      #expect(outcome.status == 2)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("prerl: \(message)"), "\(outcome.errors)")
      #expect(outcome.errors.hasSuffix("\n"))
      #expect(outcome.errors.count { $0 == "\n" } == 1)
      // Only a message that ends in a list or in another room's words may go on.
      if !message.hasSuffix(" ") { #expect(outcome.errors == "prerl: \(message)\n") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: program.folder).count == 2)
    }
  }

  @Test func aFullDiskBehindStandardOutputIsStatus3() throws {
    try withProgram { program in
      let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
      let outcome = try program.run(["evaluate", "--samples", "8", "--quiet"], output: full)
      #expect(outcome.status == 3)
      #expect(
        outcome.errors == "prerl: standard output: cannot write: No space left on device\n")
    }
  }

  @Test func noCommandReplacesWhatItReads() throws {
    try withProgram { program in
      #expect(
        try program.run(
          "rollout", "--samples", "8", "--quiet", "--output", "r.jsonl"
        ).status == 0)
      let rollouts = try program.read("r.jsonl")
      let align = ["align", "--rollouts", "r.jsonl", "--quiet", "--overwrite"]
      #expect(try program.run(align + ["--output", "a.h5"]).status == 0)
      let result = try program.read("a.h5")
      for (arguments, file) in [
        (align + ["--output", "r.jsonl"], "r.jsonl"),
        (align + ["--output", "b.h5", "--summary", "r.jsonl"], "r.jsonl"),
        (["thoughts", "r.jsonl", "--spans", "r.jsonl", "--overwrite"], "r.jsonl"),
        (
          ["evaluate", "--rollouts", "r.jsonl", "--verify", "--audit", "r.jsonl", "--overwrite"],
          "r.jsonl"
        ),
        (["surrogate", "--rollouts", "r.jsonl", "--summary", "r.jsonl", "--overwrite"], "r.jsonl"),
        (["merge", "--output", "a.h5", "a.h5", "--overwrite"], "a.h5"),
        (["export", "a.h5", "--npz", "a.h5", "--overwrite"], "a.h5"),
      ] {
        let outcome = try program.run(arguments)
        #expect(outcome.status == 2)
        #expect(
          outcome.errors
            == "prerl: \(file): this is an input of the same run (expected another file)\n")
      }
      try FileManager.default.copyItem(
        atPath: URL(fileURLWithPath: program.path).deletingLastPathComponent()
          .appendingPathComponent("prerl_prerl.resources/base").path,
        toPath: program.folder + "/m")
      let ofModel = try program.run(
        "align", "--model", "m", "--samples", "8", "--quiet", "--overwrite", "--output", "b.h5",
        "--summary", "m/../m/config.json")
      #expect(ofModel.status == 2 && ofModel.errors.contains("is an input of the same run"))
      let journal = try program.run(align + ["--output", "b.h5", "--summary", "b.h5.journal"])
      #expect(
        journal.errors
          == "prerl: b.h5.journal: this is the journal of b.h5 (expected another name)\n")
      let twins = try program.run(align + ["--output", "b.h5", "--summary", "./b.h5"])
      #expect(
        twins.errors
          == "prerl: ./b.h5: two outputs have this name (expected a file for each)\n")
      #expect(try program.read("r.jsonl") == rollouts)
      #expect(try program.read("a.h5") == result)
    }
  }

  @Test func aReaderThatHasGoneIsNoError() throws {
    try withProgram { program in
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let outcome = try program.run(
        ["evaluate", "--samples", "8", "--quiet"], output: pipe.fileHandleForWriting)
      #expect(outcome.status == 0)
      #expect(outcome.errors.isEmpty)
    }
  }

  @Test func embeddedCheckpointIsFoundFromAnywhereAndThroughALink() throws {
    try withProgram { program in
      var linked = program
      linked.path = program.folder + "/link"
      try FileManager.default.createSymbolicLink(
        atPath: linked.path, withDestinationPath: program.path)
      let outcome = try linked.run("evaluate", "--samples", "8", "--quiet")
      #expect(outcome.status == 0)
      #expect(
        outcome.output.hasPrefix("the embedded checkpoint: 8 rollouts, 1 problems, 1 clusters"))
    }
  }

  @Test func aProgramWithoutItsResourcesSaysWhatIsMissing() throws {
    try withProgram { program in
      var lonely = program
      lonely.path = program.folder + "/prerl"
      try FileManager.default.copyItem(atPath: program.path, toPath: lonely.path)
      let outcome = try lonely.run("evaluate")
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("the embedded checkpoint is missing"))
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }
}
