// `--adapter`: a LoRA adapter on a checkpoint.
import Foundation
import Safetensors
import StrictJSON
import Testing

@Suite struct AdapterTests {
  private static func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../ModelCoreTests/Fixtures/\(name)").path
  }

  private static let configuration = """
    {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["o_proj"], "bias": "none"}

    """

  /// An adapter of one matrix of the embedded model.
  private static func write(
    _ program: Program, name: String = "model.layers.1.self_attn.o_proj",
    shapes: [[Int]] = [[2, 128], [128, 2]],
    _ configuration: String = configuration
  ) throws {
    try FileManager.default.createDirectory(
      atPath: program.folder + "/adapter", withIntermediateDirectories: true)
    try program.write(configuration, to: "adapter/adapter_config.json")
    let tensors = zip(["A", "B"], shapes).map { letter, shape in
      OutputTensor(name: "base_model.model.\(name).lora_\(letter).weight", shape: shape) {
        (range: Range<Int>, out: UnsafeMutableBufferPointer<Float>) in
        for (place, element) in range.enumerated() {
          unsafe out[place] = Float(element % 7) / 100 - 0.03
        }
      }
    }
    try SafetensorsWriter.write(
      to: program.folder + "/adapter/adapter_model.safetensors", metadata: [], tensors: tensors)
  }

  @Test func anAdapterChangesWhatIsMeasuredAndIsRecorded() throws {
    try withProgram { program in
      try Self.write(program)
      let align = ["align", "--samples", "8", "--per-problem", "4", "--quiet", "--json"]
      let plain = try program.run(align + ["--output", "plain.h5"])
      let with = try program.run(
        align + ["--output", "a.h5", "--adapter", "adapter", "--manifest", "m.json"])
      #expect(with.status == 0, "\(with.errors)")
      #expect(try with.object()["cosine_mean"] != plain.object()["cosine_mean"])
      let inputs = try #require(try program.object("m.json")["inputs"]?.arrayValue)
      let paths = inputs.compactMap { $0.objectValue?["path"]?.stringValue }
      #expect(paths.contains("adapter/adapter_model.safetensors"))
      #expect(try program.run("replay", "a.h5", "--adapter", "adapter", "--quiet").status == 0)
      let without = try program.run("replay", "a.h5", "--quiet")
      #expect(without.errors == "prerl: a.h5 was made with an adapter (expected --adapter DIR)\n")
      // The adapter's step against the full gradient, of its one layer and of all.
      let steps = try program.run(
        align + [
          "--output", "s.h5", "--adapter", "adapter", "--gradients", "both", "--control",
          "adapter-update",
        ])
      #expect(steps.status == 0, "\(steps.errors)")
      let controls = try #require(try steps.object()["controls"]?.objectValue)
      let rows = try #require(controls["adapter-update"]?.objectValue)
      #expect(rows.keys.count == 4)
      for row in rows.members {
        let cosine = try #require(row.value.objectValue?["cosine_mean"]?.doubleValue)
        #expect(cosine > 0 && cosine <= 1)
      }
      #expect(try program.run("replay", "s.h5", "--adapter", "adapter", "--quiet").status == 0)
      let none = try program.run(
        "align", "--samples", "8", "--quiet", "--output", "n.h5", "--control", "adapter-update")
      #expect(none.status == 0 && none.errors.contains("control adapter-update is left out"))
      // The factors alone: two groups, the same log-probabilities, and a replay that knows.
      let factors = try program.run(
        align + [
          "--output", "f.h5", "--adapter", "adapter", "--gradients", "adapter", "--control",
          "mismatched-prompt",
        ])
      #expect(factors.status == 0, "\(factors.errors)")
      #expect(try factors.object()["logp_gap_mean"] == with.object()["logp_gap_mean"])
      #expect(try factors.object()["cosine_mean"] != with.object()["cosine_mean"])
      #expect(try program.run("replay", "f.h5", "--adapter", "adapter", "--quiet").status == 0)
      #expect(
        try program.run("export", "f.h5", "--csv", "tables").status == 0
          && String(decoding: program.read("tables/groups.group.csv"), as: UTF8.self)
            .contains("layers.1.self_attn.o_proj.lora_B")
      )
      for (arguments, message) in [
        (["--gradients", "both"], "--gradients is both without --adapter"),
        (
          ["--gradients", "both", "--adapter", "adapter", "--control", "untrained"],
          "--control untrained with --gradients both"
        ),
      ] {
        let refused = try program.run(["align"] + arguments)
        #expect(refused.status == 2 && refused.errors.contains(message), "\(refused.errors)")
      }
      let other = try program.run("replay", "plain.h5", "--adapter", "adapter", "--quiet")
      #expect(other.status == 2 && other.errors.contains("adapter_config.json: has SHA-256"))
    }
  }

  @Test func foldersThatAreNoAdapterOfTheModelAreRefused() throws {
    try withProgram { program in
      func refuse(_ message: String) throws {
        let outcome = try program.run(
          "evaluate", "--samples", "8", "--k", "1", "--adapter", "adapter", "--quiet")
        #expect(outcome.status == 2 && outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.errors.count { $0 == "\n" } == 1)
      }
      try refuse(
        "adapter/adapter_config.json: cannot be read (expected a folder with a LoRA adapter of PEFT)"
      )
      try Self.write(program, shapes: [[3, 128], [128, 3]])
      try refuse(
        "is F32 of shape [3, 128] (expected numbers of shape [2, 128], by r and the model)")
      try Self.write(program, name: "model.layers.9.self_attn.o_proj")
      try refuse(
        "changes no matrix of this qwen3 model (expected lora_A and lora_B of its matrices)")
      for (setting, message) in [
        (#""use_dora": true"#, "use_dora: true is not supported (expected false)"),
        (#""bias": "all""#, #"bias: "all" is not supported (expected "none")"#),
        (#""rank_pattern": {"q_proj": 4}"#, "rank_pattern: "),
        (#""modules_to_save": ["lm_head"]"#, "modules_to_save: "),
        (#""init_lora_weights": "pissa""#, #"init_lora_weights: "pissa" is not supported"#),
        (#""peft_type": "IA3""#, #"peft_type: "IA3" is not supported (expected "LORA")"#),
      ] {
        let key = setting.prefix { $0 != ":" }
        let rest = #""peft_type": "LORA", "r": 2, "lora_alpha": 4"#
          .split(separator: ", ").filter { !$0.hasPrefix(key) }.joined(separator: ", ")
        try Self.write(program, "{\(rest), \(setting)}\n")
        try refuse(message)
      }
      try Self.write(program)
      try program.write(#"{"algorithm": "pretrain"}"#, to: "p.json")
      for arguments in [
        ["evaluate", "--rollouts", "r.jsonl", "--reward-model", "m"],
        ["regress", "--numbers", "n.h5"],
      ] {
        let outcome = try program.run(arguments + ["--adapter", "adapter"])
        #expect(outcome.status == 2 && outcome.errors.contains("--adapter"), "\(outcome.errors)")
      }
      let empty = try program.run("evaluate", "--adapter", "")
      #expect(empty.status == 2 && empty.errors.contains("--adapter is empty"))
    }
  }
}
