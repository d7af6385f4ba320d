import Foundation
import StrictJSON
import Testing

/// What shells and editors hand over.
@Suite struct InputTests {
  private static func sh(_ program: Program, _ script: String) throws -> (
    status: Int32, errors: String
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script.replacing("prerl", with: "'\(program.path)'")]
    process.currentDirectoryURL = URL(fileURLWithPath: program.folder)
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(
      decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test func aPipeIsReadOnceAndKept() throws {
    try withProgram { program in
      #expect(
        try program.run("rollout", "--samples", "16", "--quiet", "--output", "r.jsonl").status == 0)
      for (name, script) in [
        ("file", "prerl align --rollouts r.jsonl --quiet --output file.h5"),
        ("stdin", "cat r.jsonl | prerl align --rollouts /dev/stdin --quiet --output stdin.h5"),
        ("fifo", "mkfifo f; cat r.jsonl > f & prerl align --rollouts f --quiet --output fifo.h5"),
      ] {
        let outcome = try Self.sh(program, script)
        #expect(outcome.status == 0, "\(name): \(outcome.errors)")
        #expect(try program.run("diff", "file.h5", "\(name).h5").status == 0)
      }
      for command in ["thoughts /dev/stdin --spans s.jsonl", "evaluate --rollouts /dev/stdin"] {
        let outcome = try Self.sh(program, "cat r.jsonl | prerl \(command) --quiet")
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let zipped = try Self.sh(program, "gzip r.jsonl; prerl evaluate --rollouts r.jsonl.gz")
      #expect(
        zipped.errors
          == "prerl: r.jsonl.gz: compressed by gzip (expected JSONL text: decompress it)\n")
      #expect(zipped.status == 2)
    }
  }

  @Test func namesThatCannotBeWrittenAreRefusedFirst() throws {
    try withProgram { program in
      let long = String(repeating: "x", count: 250)
      for (name, message) in [
        ("-", "results do not go to standard output"), (long, "a name of 250 bytes"),
      ] {
        let outcome = try program.run("rollout", "--samples", "8", "--output", name)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
      }
      let outcome = try Self.sh(
        program, "prerl rollout --samples 8 --output \"$(printf 'a\\377b')\"")
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains("is not UTF-8"), "\(outcome.errors)")
    }
  }

  /// More parts than blocks of rollouts: a job array's task without work succeeds.
  @Test func emptyPartsMerge() throws {
    try withProgram { program in
      let align = [
        "align", "--samples", "12", "--per-problem", "6", "--quiet", "--control", "cross",
      ]
      #expect(try program.run(align + ["--output", "whole.h5"]).status == 0)
      let parts = (0..<4).map { "part\($0).h5" }
      for (index, part) in parts.enumerated() {
        let outcome = try program.run(align + ["--shard", "\(index)/4", "--output", part])
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let merged = try program.run(["merge", "--output", "merged.h5"] + parts)
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(try program.run("diff", "whole.h5", "merged.h5").status == 0)
    }
  }

  /// Tasks of a Slurm array find their parts themselves; the folder of parts is merged.
  @Test func tasksOfAnArrayMerge() throws {
    try withProgram { program in
      let align = "prerl align --samples 16 --per-problem 8 --quiet --bootstrap 100"
      let script = """
        mkdir parts; export SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=6
        for id in 5 6; do
          SLURM_ARRAY_TASK_ID=$id \(align) --shard auto --output parts/$id.h5 >/dev/null || exit
        done
        \(align) --output whole.h5 >/dev/null && prerl merge --output parts/merged.h5 parts \
          && prerl merge --output parts/merged.h5 --overwrite parts
        """
      let outcome = try Self.sh(program, script)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(try program.run("diff", "whole.h5", "parts/merged.h5").status == 0)
      let outside = try program.run("align", "--shard", "auto", "--output", "a.h5")
      #expect(outside.status == 2 && outside.errors.contains("SLURM_ARRAY_TASK_ID is not set"))
      #expect(try Self.sh(program, "mkdir empty").status == 0)
      let empty = try program.run("merge", "--output", "b.h5", "empty")
      #expect(empty.status == 2 && empty.errors.hasPrefix("prerl: empty: a folder without"))
    }
  }

  /// The next file that is opened would get the number of a closed stream.
  @Test func closedStreamsAreNotTakenForFiles() throws {
    try withProgram { program in
      let config = #filePath.replacing(
        "Tests/prerlTests/InputTests.swift", with: "experiments/pretrain/config.json")
      for (name, streams) in [("a", "<&- 2>&-"), ("b", "<&- 2>&- >/dev/null"), ("c", "<&-")] {
        let outcome = try Self.sh(
          program, "prerl train '\(config)' --steps 2 --output \(name) \(streams)")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try program.read("\(name)/metrics.jsonl").split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 2)
        for line in lines { #expect((try? JSON.parse(Array(line))) != nil) }
      }
      // A result that nobody can see is an error.
      let blind = try Self.sh(program, "prerl evaluate --samples 8 --quiet >&-")
      #expect(blind.status == 3 && blind.errors.contains("standard output: cannot write"))
    }
  }

  @Test func fewOpenFilesAreOneLine() throws {
    try withProgram { program in
      let refused = try Self.sh(
        program, "ulimit -n 12; exec prerl evaluate --samples 8 --verifier cat --quiet")
      #expect(refused.status == 3 && refused.errors.hasPrefix("prerl: at most 12 open files"))
      // A soft limit is raised.
      let raised = try Self.sh(program, "ulimit -Sn 12; exec prerl evaluate --samples 8 --quiet")
      #expect(raised.status == 0, "\(raised.errors)")
    }
  }
}
