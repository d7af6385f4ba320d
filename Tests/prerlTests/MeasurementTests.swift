import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct MeasurementTests {
  /// A tiny checkpoint among the fixtures of the model core.
  private static let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("ModelCoreTests/Fixtures/qwen3-tied").path

  @Test func selfcheckPassesOnAGoodCheckpoint() throws {
    try withProgram { program in
      let outcome = try program.run("selfcheck", "--model", Self.tiny, "--json", "--quiet")
      #expect(outcome.status == 0)
      #expect(outcome.errors.isEmpty)
      let object = try outcome.object()
      #expect(object["ok"] == true)
      let checks = try #require(object["checks"]?.arrayValue)
      // 13 of the checkpoint, one of each family.
      let families = [
        "qwen3", "qwen3_moe", "qwen2", "llama", "mistral", "phi3", "olmo2", "olmo3", "gemma2",
        "gemma3_text", "gpt2", "gpt_neox",
      ]
      #expect(checks.count == 13 + families.count)
      let names = checks.compactMap { $0.objectValue?["check"]?.stringValue }
      for family in families {
        #expect(names.suffix(families.count).contains { $0.hasPrefix("family \(family): ") })
      }
      #expect(checks.allSatisfy { $0.objectValue?["ok"] == true })
    }
  }

  /// A copy of the tiny checkpoint whose final norm is finite, and too large to compute with, whatever the
  /// order of the sums.
  private func makeOverflowingModel(_ program: Program) throws {
    let copy = program.folder + "/model"
    try FileManager.default.copyItem(atPath: Self.tiny, toPath: copy)
    var bytes = try program.read("model/model.safetensors")
    // model.norm.weight, the last tensor of the file: 32 numbers of 3e38.
    let large: [UInt8] = [0xE6, 0xB1, 0x61, 0x7F]
    bytes.replaceSubrange(
      bytes.count - 32 * 4..<bytes.count, with: repeatElement(large, count: 32).joined())
    try Data(bytes).write(to: URL(fileURLWithPath: copy + "/model.safetensors"))
  }

  @Test func nothingIsReportedOfNumbersThatAreNotFinite() throws {
    try withProgram { program in
      try makeOverflowingModel(program)
      let lines = (0..<80).map { index in
        #"{"id": "r\#(index)", "problem_id": "p\#(index / 4)", "prompt_ids": [1, \#(5 + index / 4)], "#
          + #""response_ids": [\#(7 + index % 4), 2], "reward": \#(index % 2)}"#
      }
      try program.write(lines.joined(separator: "\n"), to: "r.jsonl")
      let run = ["--model", "model", "--rollouts", "r.jsonl", "--quiet"]
      let align = try program.run(["align", "--output", "a.h5"] + run)
      #expect(align.status == 1 && align.output.isEmpty)
      #expect(align.errors.contains("prerl: rollout r0: "), "\(align.errors)")
      let surrogate = try program.run(["surrogate"] + run)
      #expect(surrogate.status == 1 && surrogate.output.isEmpty)
      #expect(surrogate.errors.contains("prerl: the update vector "), "\(surrogate.errors)")
      #expect(!program.exists("a.h5"))
    }
  }

  @Test func selfcheckFailsWithStatus1WhereNumbersAreNone() throws {
    try withProgram { program in
      try makeOverflowingModel(program)
      let outcome = try program.run("selfcheck", "--model", "model", "--quiet")
      #expect(outcome.status == 1)
      #expect(
        outcome.errors
          == "prerl: a logit of token 0 of sample 0 is not finite (expected finite numbers)\n")
    }
  }

  /// Each kernel runs in a process of its own, on the rollouts of the file.
  @Test func benchComparesKernels() throws {
    try withProgram { program in
      let sampled = try program.run(
        "rollout", "--samples", "16", "--per-problem", "2", "--output", "r.jsonl", "--quiet")
      #expect(sampled.status == 0, "\(sampled.errors)")
      let outcome = try program.run(
        "bench", "--kernels", "--rollouts", "r.jsonl", "--seconds", "0.01", "--threads", "1",
        "--json", "--quiet")
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let object = try outcome.object()
      let kernels = try #require(object["kernels"]?.arrayValue).compactMap(\.objectValue)
      #expect(kernels.contains { $0["kernel"] == "Nehalem" })
      for kernel in kernels {
        let rates = try #require(kernel["rates"]?.arrayValue).compactMap(\.objectValue)
        #expect(rates.count == 1 && (rates[0]["align"]?.doubleValue ?? 0) > 0, "\(kernel)")
      }
      #expect(object["fastest"]?.arrayValue?.count == 3)
      let refused = try program.run("bench", "--rollouts", "absent.jsonl")
      #expect(refused.status == 2 && refused.errors.hasPrefix("prerl: absent.jsonl"))
    }
  }

  @Test func benchReportsEveryStageForOneAndMoreThreads() throws {
    try withProgram { program in
      let outcome = try program.run(
        "bench", "--seconds", "0.02", "--threads", "2", "--json", "--quiet")
      #expect(outcome.status == 0)
      let object = try outcome.object()
      let rates = try #require(object["rates"]?.arrayValue).compactMap(\.objectValue)
      #expect(rates.count == 22)
      #expect(rates.map { $0["threads"]?.intValue } == (0..<22).map { $0 < 11 ? 1 : 2 })
      for rate in rates {
        #expect(try #require(rate["gflops"]?.doubleValue) > 0)
        let isBLAS = try #require(rate["stage"]?.stringValue).hasPrefix("sgemm")
        #expect((rate["share_of_sgemm"]?.doubleValue == nil) == isBLAS)
      }
    }
  }

  @Test func brokenCheckpointsAreOneLineAndStatus2() throws {
    try withProgram { program in
      let copy = program.folder + "/model"
      try FileManager.default.copyItem(atPath: Self.tiny, toPath: copy)
      let bytes = try program.read("model/model.safetensors")
      try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: copy + "/model.safetensors"))
      let torn = try program.run("selfcheck", "--model", "model")
      #expect(torn.status == 2)
      #expect(torn.errors.hasPrefix("prerl: model/model.safetensors: "))
      #expect(torn.errors.count { $0 == "\n" } == 1)
      try program.write("{\n  \"model_type\": ", to: "model/config.json")
      let broken = try program.run("selfcheck", "--model", "model")
      #expect(broken.status == 2)
      #expect(broken.errors.hasPrefix("prerl: model/config.json:2: "), "\(broken.errors)")
    }
  }
}
