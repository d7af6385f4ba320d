import Foundation
import ModelCore
import Runs
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct PretrainingRunTests {
  private static let json = """
    {
      "algorithm": "pretrain", "seed": 3, "steps": 6, "rows_per_step": 3, "row_length": 128,
      "rows_per_chunk": 2,
      "model": {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "rms_norm_eps": 1e-6,
        "rope_theta": 10000, "max_position_embeddings": 128
      },
      "optimizer": {
        "learning_rate": 0.002, "warmup_steps": 2, "final_learning_rate_share": 0.05, "beta1": 0.9,
        "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.1, "max_grad_norm": 1.0
      }
    }
    """

  private static func run(_ output: String, threads: Int = 1) throws -> PretrainingRun {
    let config = try JSON.parse(json)
    var reader = try JSONReader(config)
    _ = try reader.string("algorithm", oneOf: ["pretrain"])
    let configuration = try PretrainingConfiguration(reading: &reader)
    try reader.finish()
    var run = PretrainingRun(
      configuration, output: output,
      manifest: Manifest(
        config: config, version: "1", seeds: ["seed": configuration.seed], precision: "float32",
        threads: threads, blas: BLAS.version, blasCore: BLAS.core))
    run.threads = threads
    return run
  }

  /// The lines without the time that a step took.
  private static func metrics(_ folder: String) throws -> [JSON] {
    let bytes = try #require(FileManager.default.contents(atPath: folder + "/metrics.jsonl"))
    return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      var object = try #require(try JSON.parse([UInt8](line)).objectValue)
      #expect(object["step_time"] != nil)
      object["step_time"] = nil
      return .object(object)
    }
  }

  @Test(arguments: ["countdown", "desk"]) func aSmallCorpusComesAgain(task: String) throws {
    func documents(_ corpus: String) throws -> [[Int32]] {
      var object = try #require(JSON.parse(Self.json).objectValue)
      object["task"] = ["name": .string(task)]
      object["corpus"] = try JSON.parse(corpus)
      var reader = try JSONReader(.object(object))
      _ = try reader.string("algorithm", oneOf: ["pretrain"])
      let configuration = try PretrainingConfiguration(reading: &reader)
      try reader.finish()
      let training = Pretraining(configuration, threads: 1)
      return (0..<6).flatMap { _ in training.nextRows().flatMap { $0 } }
    }
    let (all, few) = (try documents("{}"), try documents(#"{"documents": 5}"#))
    #expect(few.count > 10 && Set(all).count > 10)
    for (place, document) in few.enumerated() { #expect(document == all[place % 5]) }
    for wrong in [#"{"documents": 0}"#, #"{"question_share": 2}"#, #"{"document": 3}"#] {
      #expect(throws: JSONValueError.self) { try documents(wrong) }
    }
  }

  @Test func aStoppedRunGoesOnToTheBitsOfAnUndisturbedOne() throws {
    try withTemporaryDirectory { folder in
      guard case .finished(let summary) = try Self.run(folder + "/whole").run(.afresh) else {
        Issue.record("the run did not finish")
        return
      }
      #expect(summary.isComplete && summary.step == 6 && summary.loss > 0)

      let parts = try Self.run(folder + "/parts", threads: 2)
      var done = 0
      let outcome = try parts.run(
        .afresh, shouldStop: { done == 2 }, progress: { step, _ in done = step.step })
      guard case .interrupted(step: 2) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      guard case .finished(let last) = try parts.run(.resuming) else {
        Issue.record("the resumed run did not finish")
        return
      }
      #expect(last.loss == summary.loss && last.tokenCount == summary.tokenCount)
      #expect(try Self.metrics(folder + "/whole") == Self.metrics(folder + "/parts"))
      let weights = "/checkpoint/model.safetensors"
      #expect(
        FileManager.default.contentsEqual(
          atPath: folder + "/whole" + weights, andPath: folder + "/parts" + weights))
      guard case .alreadyFinished = try parts.run(.resuming) else {
        Issue.record("a finished run was made again")
        return
      }
    }
  }
}
