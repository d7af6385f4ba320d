// What a model or a machine has no room for is refused before anything is measured.
import Foundation
import TestSupport
import Testing

@Suite struct LimitTests {
  private static let gpt2 = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("ModelCoreTests/Fixtures/gpt2").path

  /// Two problems of 4 rollouts each, with prompts and responses of given lengths.
  private static func rollouts(_ lengths: [(prompt: Int, response: Int)]) -> String {
    func ids(_ count: Int, _ seed: Int) -> String {
      "[" + (0..<count).map { String(3 + ($0 * 7 + seed) % 20) }.joined(separator: ", ") + "]"
    }
    return lengths.enumerated().flatMap { problem, length in
      (0..<4).map { sample in
        """
        {"id": "p\(problem)-\(sample)", "problem_id": "p\(problem)", "reward": \(sample % 2), \
        "prompt_ids": \(ids(length.prompt, problem)), \
        "response_ids": \(ids(length.response, sample))}
        """
      }
    }.joined(separator: "\n") + "\n"
  }

  /// GPT-2 has a vector for each of its 40 positions and none for others.
  @Test func learnedPositionsHaveAnEnd() throws {
    try withProgram { program in
      // Each fits, one problem's prompt with the other's response does not.
      try program.write(Self.rollouts([(30, 5), (3, 25)]), to: "r.jsonl")
      let align = ["align", "--model", Self.gpt2, "--rollouts", "r.jsonl", "--null-context", "1"]
      let plain = try program.run(align + ["--output", "a.h5", "--quiet"])
      #expect(plain.status == 0, "\(plain.errors)")

      for (arguments, expected) in [
        (["--allow-long"], "--allow-long: \(Self.gpt2) has no positions beyond 40"),
        (["--control", "mixture"], "--control mixture: "),
        (["--control", "mismatched-prompt"], "--control mismatched-prompt: "),
        (
          ["--null-context", "ids:" + Array(repeating: "1", count: 20).joined(separator: ",")],
          "--null-context: a context and a response may have 45 tokens together"
        ),
      ] {
        let refused = try program.run(
          align + arguments + ["--output", "b.h5", "--quiet"])
        #expect(refused.status == 2)
        #expect(refused.errors.hasPrefix("prerl: \(expected)"), "\(refused.errors)")
        #expect(refused.errors.count { $0 == "\n" } == 1)
        #expect(!FileManager.default.fileExists(atPath: program.folder + "/b.h5"))
      }
      let long = "ids:" + Array(repeating: "1", count: 20).joined(separator: ",")
      let surrogate = try program.run(
        "surrogate", "--model", Self.gpt2, "--rollouts", "r.jsonl", "--null-context", long)
      #expect(surrogate.status == 2)
      #expect(surrogate.errors.hasPrefix("prerl: --null-context: "), "\(surrogate.errors)")
    }
  }

  /// A limit that is too small is refused with the one that suffices; with that one the results are the
  /// same.
  @Test func theMemoryLimitIsKeptOrNamed() throws {
    try withProgram { program in
      let arguments = [
        "align", "--samples", "32", "--per-problem", "2", "--control", "cross", "--quiet",
      ]
      let refused = try program.run(
        arguments + ["--output", "a.h5", "--memory-limit", "1MiB"])
      #expect(refused.status == 3)
      let pattern =
        /prerl: the control cross: needs ([0-9.]+) MiB of memory \(expected at most 1.0 MiB; .*\n/
      let match = try #require(refused.errors.wholeMatch(of: pattern), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: program.folder + "/a.h5"))
      let needed = try #require(Double(match.1)) + 0.1  // it was rounded
      for (name, more) in [("a", ["--memory-limit", "\(needed)MiB"]), ("b", [])] {
        let outcome = try program.run(
          arguments + more + ["--output", "\(name).h5", "--summary", "\(name).json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      #expect(try program.read("a.json") == program.read("b.json"))
      #expect(try program.run("diff", "a.h5", "b.h5").status == 0)
      for size in ["8", "0GiB", "GiB", "nanGiB"] {
        let outcome = try program.run("align", "--memory-limit", size)
        #expect(outcome.status == 2, "\(size)")
        #expect(outcome.errors.contains("'\(size)' is invalid for '--memory-limit <size>'"))
        #expect(outcome.errors.contains("expected a number and a unit, such as 8GiB"))
      }
    }
  }

  /// OpenBLAS asks for ever for memory that the limit on the address space denies it, while it is loaded
  /// and in the first product.
  @Test(arguments: [200_000, 400_000, 600_000]) func aSmallAddressSpaceIsOneLine(kibibytes: Int)
    throws
  {
    try withProgram { program in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c",
        "ulimit -v \(kibibytes); exec timeout -s KILL 60 '\(program.path)' evaluate --samples 8 2>errors",
      ]
      process.currentDirectoryURL = URL(fileURLWithPath: program.folder)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 3)
      let errors = String(decoding: try program.read("errors"), as: UTF8.self)
      #expect(errors.hasPrefix("prerl: ") && errors.count { $0 == "\n" } == 1, "\(errors)")
    }
  }
}
