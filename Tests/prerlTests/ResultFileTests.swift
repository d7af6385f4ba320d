import Foundation
import StrictJSON
import TestSupport
import Testing

/// `merge`, `inspect` and `diff` on files that `align` wrote.
@Suite struct ResultFileTests {
  static func align(_ program: Program, _ name: String, _ more: [String] = []) throws {
    let outcome = try program.run(
      [
        "align", "--samples", "20", "--control", "mismatched-prompt", "--control", "cross",
        "--cross-limit", "4", "--dump-gradients", "1", "--quiet", "--output", name,
      ] + more)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func shardsMergeToTheUndividedRun() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      try Self.align(program, "whole.h5", ["--threads", "2"])
      for part in 0..<2 {
        try Self.align(program, "\(part).h5", ["--shard", "\(part)/2", "--threads", "1"])
      }
      let gap = try program.run("merge", "--output", "merged.h5", "0.h5")
      #expect(gap.status == 2)
      #expect(
        gap.errors == "prerl: 0.h5: no part has the rollouts 8..<20 of 20 (expected shard 1/2)\n")
      let merged = try program.run("merge", "--json", "--output", "merged.h5", "1.h5", "0.h5")
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(try merged.object()["rollouts"] == .integer(20))

      let same = try program.run("diff", "--all", "whole.h5", "merged.h5")
      #expect(same.status == 0 && same.output.contains("datasets agree"))
      #expect(same.output.contains("@start_utc") || same.output.contains("@threads"))
      let other = try program.run("diff", "whole.h5", "1.h5")
      #expect(other.status == 1 && other.output.contains("samples/cosine"))
      #expect(other.errors.hasPrefix("prerl: whole.h5 and 1.h5: "))
      #expect(try program.run("diff", "--json", "0.h5", "1.h5").object()["equal"] == .bool(false))

      let again = try program.run("merge", "--output", "merged.h5", "0.h5", "1.h5")
      #expect(again.status == 2 && again.errors.contains("--overwrite"))
      let list = try program.run("inspect", "merged.h5")
      #expect(list.status == 0 && list.output.hasPrefix("alignment result\n"))
      #expect(list.output.contains("gradients/0/conditional/model.norm.weight"))
    }
  }

  /// h5py's `Empty` has no values and no axes.
  @Test func datasetsWithoutValuesAreListedAndExported() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/null-datasets.h5").path
      let list = try program.run("inspect", "--json", file)
      #expect(list.status == 0, "\(list.errors)")
      #expect(list.output.contains("\"no_text\"") && list.output.contains("\"zero_rows\""))
      let export = try program.run("export", file, "--csv", "tables", "--npz", "a.npz")
      #expect(export.status == 0, "\(export.errors)")
      #expect(try program.run("diff", file, file).status == 0)
    }
  }

  @Test func anyFileIsInspectedOrRefusedInOneLine() throws {
    try withTemporaryDirectory { folder in
      let program = try Program(in: folder)
      let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../ModelCoreTests/Fixtures/llama-tied").path
      let checkpoint = try program.run("inspect", model, "--json")
      #expect(try checkpoint.object()["kind"] == "checkpoint")
      try Data("{}\n".utf8).write(to: URL(fileURLWithPath: folder + "/a.jsonl"))
      try Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]).write(
        to: URL(fileURLWithPath: folder + "/a.h5"))
      for arguments in [
        ["inspect", "a.jsonl"], ["inspect", "a.h5"], ["inspect", "absent"], ["inspect", folder],
        ["diff", "a.h5", "a.h5"], ["diff", "absent", "a.h5"],
        ["merge", "--output", "b.h5", "a.h5"],
        ["merge", "--output", "b.h5", "absent"], ["merge", "--output", "b.h5"],
        ["diff", "--tolerance", "-1", "a.h5", "a.h5"],
      ] {
        let outcome = try program.run(arguments)
        #expect(outcome.status == 2, "\(arguments)")
        #expect(outcome.errors.hasPrefix("prerl: ") && outcome.output.isEmpty, "\(arguments)")
        #expect(outcome.errors.count { $0 == "\n" } == 1, "\(outcome.errors)")
      }
      let results = try program.run("inspect", folder)
      #expect(
        results.errors
          == "prerl: \(folder): is no checkpoint folder (expected one, or a file in it: a.h5)\n")
      #expect(!FileManager.default.fileExists(atPath: folder + "/b.h5"))
    }
  }
}
