import Foundation
import HDF5
import ModelCore
import Runs
import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

/// Whole runs: files, resuming, and that something is learned.
@Suite struct RewardRunTests {
  private static let members = """
    "steps": 6, "seed": 5, "pairs_per_step": 12, "evaluate_every": 4, "save_every": 2,
    "center_rewards_coefficient": 0.01, "label_noise": 0.1,
    "optimizer": {"learning_rate": 0.003}
    """

  private static func run(
    _ output: String, threads: Int = 1, members: String = members,
    pairs: [PreferencePair] = rulePairs(40), label: UInt64 = 1
  ) throws -> RewardRun {
    let configuration = try rewardConfiguration(members)
    let data = try PreferenceData(
      configuration, training: pairs, heldOut: rulePairs(30, label: 9), files: ["pairs.jsonl"])
    var run = RewardRun(
      configuration, data, model: .tinyReward(label: label), output: output,
      manifest: Manifest(
        config: configuration.json, version: "1", seeds: ["seed": configuration.seed],
        precision: "float32", threads: threads, blas: BLAS.version, blasCore: BLAS.core))
    run.threads = threads
    return run
  }

  private static func finish(_ run: RewardRun, _ start: RunStart = .afresh) throws
    -> TrainingSummary
  {
    guard case .finished(let summary) = try run.run(start) else {
      throw TaskFileError("the run did not finish", path: run.output)
    }
    return summary
  }

  private static func lines(_ path: String) throws -> [JSONObject] {
    let bytes = try #require(FileManager.default.contents(atPath: path))
    return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      try #require(try JSON.parse([UInt8](line)).objectValue)
    }
  }

  private static func expectEqualRuns(_ first: String, _ second: String) {
    for file in [
      "metrics.jsonl", "evaluation.jsonl", "checkpoints/step-6/model.safetensors",
      "checkpoints/step-6/optimizer.safetensors", "checkpoints/step-6/config.json",
    ] {
      #expect(
        FileManager.default.contentsEqual(
          atPath: "\(first)/\(file)", andPath: "\(second)/\(file)"), "\(file)")
    }
  }

  @Test func theFolderHoldsWhatIsDescribed() throws {
    try withTemporaryDirectory { folder in
      let output = folder + "/run"
      let summary = try Self.finish(Self.run(output))
      #expect(summary.isComplete && summary.step == 6 && summary.algorithm == "reward-model")
      let metrics = try Self.lines(output + "/metrics.jsonl")
      #expect(metrics.map { $0["step"]?.intValue } == [1, 2, 3, 4, 5, 6])
      #expect(
        metrics[0].keys == [
          "step", "loss", "accuracy", "margin", "mean_reward", "min_reward", "max_reward",
          "grad_norm", "learning_rate", "epoch", "num_tokens",
        ])
      #expect(metrics[5]["epoch"]?.doubleValue == 72.0 / 40)
      let evaluation = try Self.lines(output + "/evaluation.jsonl")
      #expect(evaluation.map { $0["step"]?.intValue } == [0, 4, 6])
      #expect(
        evaluation[0].keys == [
          "step", "accuracy", "accuracy_low", "accuracy_high", "loss", "loss_low", "loss_high",
          "margin", "margin_low", "margin_high", "mean_reward", "mean_reward_low",
          "mean_reward_high", "reward_std", "min_reward", "max_reward", "confidence",
          "confidence_low", "confidence_high", "calibration_error", "longer_preferred",
          "longer_preferred_low", "longer_preferred_high", "longer_chosen", "longer_chosen_low",
          "longer_chosen_high", "length_correlation",
        ])
      // All responses of the rule have one length.
      #expect(
        evaluation[0]["longer_chosen"] == .null && evaluation[0]["length_correlation"] == .null)
      #expect(summary.evaluation["accuracy"] == evaluation[2]["accuracy"])
      let model = try Transformer<Float>(directory: output + "/checkpoints/step-6")
      #expect(model.configuration.head == .reward)
      let root = try HDF5File.open(output + "/training.h5").root
      #expect(try root.group("steps").dataset("grad_norm").read(Double.self).count == 6)
      #expect(try root.group("evaluation").dataset("accuracy_low").read(Double.self).count == 3)
    }
  }

  @Test func aStoppedRunGoesOnToTheBitsOfAnUndisturbedOne() throws {
    try withTemporaryDirectory { folder in
      _ = try Self.finish(Self.run(folder + "/whole"))
      let parts = try Self.run(folder + "/parts", threads: 3)
      let done = Counter()
      let outcome = try parts.run(
        .afresh, shouldStop: { done.value >= 3 },
        progress: { if case .step = $0 { done.value += 1 } })
      guard case .interrupted(step: 3) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(try Self.finish(parts, .resuming).isComplete)
      Self.expectEqualRuns(folder + "/whole", folder + "/parts")
      guard case .alreadyFinished = try parts.run(.resuming) else {
        Issue.record("a finished run was made again")
        return
      }
      // Another configuration is another run.
      let other = try Self.run(
        folder + "/parts", members: Self.members.replacing("0.01", with: "0.02"))
      #expect(throws: OutputError.self) { _ = try other.run(.resuming) }
      // A killed run has lines behind its checkpoint, which are cut off.
      let log = folder + "/parts/metrics.jsonl"
      try FileManager.default.removeItem(atPath: folder + "/parts/summary.json")
      try FileManager.default.removeItem(atPath: folder + "/parts/checkpoints/step-6")
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: log))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"step\":7".utf8))
      try handle.close()
      _ = try Self.finish(parts, .resuming)
      Self.expectEqualRuns(folder + "/whole", folder + "/parts")
    }
  }

  /// One word decides which response is better: 60 steps tell it on pairs that were not seen.
  @Test func aSimpleRuleIsLearned() throws {
    try withTemporaryDirectory { folder in
      let members = """
        "steps": 60, "pairs_per_step": 32, "evaluate_every": 60, "save_every": 60,
        "optimizer": {"learning_rate": 0.01}
        """
      let run = try Self.run(folder + "/run", members: members, pairs: rulePairs(200))
      let summary = try Self.finish(run)
      #expect(try #require(summary.evaluation["accuracy"]?.doubleValue) > 0.95)
      #expect(try #require(summary.evaluation["accuracy_low"]?.doubleValue) > 0.8)
      #expect(try #require(summary.evaluation["loss"]?.doubleValue) < 0.3)
      // Where all labels are wrong the opposite is learned.
      let wrong = try Self.run(
        folder + "/wrong", members: members + ", \"label_noise\": 1", pairs: rulePairs(200))
      #expect(
        try #require(Self.finish(wrong).evaluation["accuracy"]?.doubleValue) < 0.05)
    }
  }

  @Test func numbersThatAreNotFiniteEndTheRun() throws {
    try withTemporaryDirectory { folder in
      let run = try Self.run(folder + "/run")
      let model = Transformer<Float>.tinyReward()
      model.move([Double](repeating: 1e30, count: model.layout.count), by: 1)
      let broken = RewardRun(
        run.configuration, run.data, model: model, output: folder + "/broken",
        manifest: run.manifest)
      let error = #expect(throws: TrainingError.self) { _ = try broken.run(.afresh) }
      #expect(error?.keptCheckpoint == nil)
      #expect(error?.description.contains("is not finite") == true)
    }
  }
}

/// A number that a closure on another thread may read.
private final class Counter: @unchecked Sendable {
  var value = 0
}
