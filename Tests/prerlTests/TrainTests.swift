import Foundation
import Glibc
import StrictJSON
import Testing

@Suite struct TrainTests {
  /// A run of a tiny model.
  private static let configuration = """
    {
      "algorithm": "pretrain",
      "seed": 3,
      "model": {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "rms_norm_eps": 1e-6,
        "rope_theta": 10000, "max_position_embeddings": 128
      },
      "steps": 100000,
      "rows_per_step": 4,
      "row_length": 128,
      "rows_per_chunk": 2,
      "optimizer": {
        "learning_rate": 0.002, "warmup_steps": 10, "final_learning_rate_share": 0.05,
        "beta1": 0.9,
        "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.1, "max_grad_norm": 1.0
      }
    }

    """

  @Test func aRunHoldsManifestMetricsSummaryAndCheckpoint() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "tiny.json")
      let outcome = try program.run("train", "tiny.json", "--steps", "3", "--json", "--quiet")
      #expect(outcome.status == 0)
      #expect(outcome.errors.isEmpty)
      let run = "results/runs/tiny"
      let summary = try program.object(run + "/summary.json")
      #expect(try outcome.object() == summary)
      #expect(summary["complete"] == true)
      #expect(summary["step"] == 3)
      let metrics = try program.objects(run + "/metrics.jsonl")
      #expect(metrics.map { $0["step"]?.intValue } == [1, 2, 3])
      #expect(
        metrics[0].keys == [
          "step", "loss", "entropy", "grad_norm", "learning_rate", "num_tokens", "step_time",
        ])
      let manifest = try program.object(run + "/manifest.json")
      #expect(manifest["config"] == (try JSON.parse(Self.configuration)))
      #expect(manifest["seeds"] == ["seed": 3])
      #expect(manifest["end_utc"]?.stringValue != nil)
      let evaluated = try program.run(
        "evaluate", "--model", run + "/checkpoint", "--samples", "8", "--quiet")
      #expect(evaluated.status == 0)
    }
  }

  @Test func sameWeightsOnAnyNumberOfThreadsAndOtherWeightsForAnotherSeed() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "tiny.json")
      for (output, options) in [
        ("a", ["--threads", "1"]), ("b", ["--threads", "3"]), ("c", ["--seed", "4"]),
      ] {
        let outcome = try program.run(
          ["train", "tiny.json", "--steps", "5", "--output", output] + options)
        #expect(outcome.status == 0)
      }
      let weights = "/checkpoint/model.safetensors"
      #expect(try program.read("a" + weights) == program.read("b" + weights))
      #expect(try program.read("a" + weights) != program.read("c" + weights))
      #expect(try program.object("c/manifest.json")["config"]?.objectValue?["seed"] == 4)
    }
  }

  @Test func dumpedBatchesAreThoseOfTheRun() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "tiny.json")
      _ = try program.run("train", "tiny.json", "--steps", "3", "--output", "run")
      let outcome = try program.run(
        "train", "tiny.json", "--steps", "3", "--dump-batches", "batches.jsonl")
      #expect(outcome.status == 0)
      let metrics = try program.objects("run/metrics.jsonl")
      let batches = try program.objects("batches.jsonl")
      #expect(batches.count == 3)
      var tokens = 0
      for (batch, metric) in zip(batches, metrics) {
        let rows = try #require(batch["rows"]?.arrayValue).map { $0.arrayValue ?? [] }
        let offsets = try #require(batch["document_offsets"]?.arrayValue)
        #expect(rows.count == 4 && offsets.count == 4)
        for (row, starts) in zip(rows, offsets) {
          #expect((1...128).contains(row.count))
          let starts = try #require(starts.arrayValue).compactMap(\.intValue)
          #expect(starts.first == 0)
          for start in starts {
            #expect(row[start] == 1)  // <bos>
            if start > 0 { #expect(row[start - 1] == 2) }  // <eos>
          }
          #expect(row.count { $0 == 1 } == starts.count)
          tokens += row.count
        }
        #expect(metric["num_tokens"]?.intValue == tokens)
      }
    }
  }

  @Test func ctrlCKeepsWhatThereIsMarkedIncomplete() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "tiny.json")
      let log = program.folder + "/log"
      let process = try program.start(["train", "tiny.json", "--output", "run"], log: log)
      let deadline = Date(timeIntervalSinceNow: 60)
      while (try? program.objects("run/metrics.jsonl").count) ?? 0 < 2, Date() < deadline {
        Thread.sleep(forTimeInterval: 0.05)
      }
      let outcome = try program.interrupt(process, log: log)
      #expect(outcome.status == 130)
      let last = try #require(outcome.errors.split(separator: "\n").last)
      #expect(
        last.wholeMatch(
          of: /prerl: interrupted after \d+ of 100000 steps \(run holds them, --resume goes on\)/)
          != nil, "\(last)")
      let summary = try program.object("run/summary.json")
      #expect(summary["complete"] == false)
      #expect(summary["step"]?.intValue == (try program.objects("run/metrics.jsonl").count))
      #expect(
        try program.run("evaluate", "--model", "run/checkpoint", "--samples", "8").status == 0)
    }
  }

  @Test func killedInterruptedOrStoppedPretrainingGoesOnToTheSameBits() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "tiny.json")
      func train(_ output: String, _ steps: Int, _ options: String...) throws {
        let outcome = try program.run(
          ["train", "tiny.json", "--steps", "\(steps)", "--output", output] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      try train("whole", 600, "--threads", "1")
      // Killed after its first saved state, at step 250.
      let process = try program.start(
        ["train", "tiny.json", "--steps", "600", "--output", "run"], log: program.folder + "/log")
      let deadline = Date(timeIntervalSinceNow: 60)
      while !program.exists("run/checkpoints/step-250"), Date() < deadline {
        Thread.sleep(forTimeInterval: 0.002)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try train("run", 520, "--resume", "--threads", "3")
      try train("run", 600, "--resume")
      let weights = "/checkpoint/model.safetensors"
      #expect(try program.read("run" + weights) == program.read("whole" + weights))
      func metrics(_ run: String) throws -> [JSONObject] {
        try program.objects(run + "/metrics.jsonl").map { line in
          var line = line
          line["step_time"] = nil
          return line
        }
      }
      #expect(try metrics("run").map { JSON.object($0) } == metrics("whole").map { .object($0) })
      let again = try program.run(
        "train", "tiny.json", "--steps", "600", "--output", "run", "--resume")
      #expect(again.errors == "run is complete; there is nothing to resume\n")
    }
  }

  @Test func aFolderWithContentsNeedsOverwriteAndKeepsOtherFiles() throws {
    try withProgram { program in
      try program.write(Self.configuration, to: "tiny.json")
      let arguments = ["train", "tiny.json", "--steps", "1", "--output", "run"]
      #expect(try program.run(arguments).status == 0)
      try program.write("mine", to: "run/notes.txt")
      let refused = try program.run(arguments)
      #expect(refused.status == 2)
      #expect(
        refused.errors == "prerl: run: the folder is not empty (--resume goes on with its run, "
          + "--overwrite replaces it)\n")
      #expect(try program.run(arguments + ["--overwrite"]).status == 0)
      #expect(program.exists("run/notes.txt"))
      let orphan = try program.run("train", "tiny.json", "--output", "nowhere/run")
      #expect(orphan.status == 2)
      #expect(!program.exists("nowhere"))
    }
  }

  @Test(arguments: [
    (#""pretrain""#, #""gpro""#, #":2: algorithm: "gpro" (expected one of: "pretrain", "grpo", "#),
    (#""beta1": 0.9"#, #""beta1": 1.9"#, ":15: optimizer.beta1: 1.9 (expected a number in "),
    (#""seed": 3"#, #""seed": 3, "sede": 4"#, ":3: sede: unknown key (expected one of: "),
    (#""seed": 3,"#, "", ":1: seed: missing (expected an integer of at least 0)"),
    (#""head_dim": 8"#, #""head_dim": "8""#, #":6: model.head_dim: "8" (expected an integer"#),
    ("\"seed\": 3,", "\"seed\": 3", ":4: broken JSON: "),
  ])
  func malformedConfigurationsAreOneLineWithFileAndLine(
    what: String, replacement: String, message: String
  ) throws {
    try withProgram { program in
      try program.write(
        Self.configuration.replacing(what, with: replacement), to: "tiny.json")
      let outcome = try program.run("train", "tiny.json", "--steps", "1")
      #expect(outcome.status == 2)
      #expect(outcome.errors.hasPrefix("prerl: tiny.json\(message)"), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
      #expect(!program.exists("results"))
    }
  }
}
