import Foundation
import HDF5
import ModelCore
import Runs
import StrictJSON
import Synchronization
import Tables
import Tasks
import TestSupport
import Testing
import Training

/// A flag that a test raises while a run goes on.
private final class Flag: Sendable {
  private let value = Atomic(false)

  var isRaised: Bool { value.load(ordering: .relaxed) }
  func raise() { value.store(true, ordering: .relaxed) }
}

/// Measures the squared length of the parameters, in place of anything useful.
private struct LengthProbe: TrainingProbe {
  /// The step at which it behaves as if it was stopped.
  var stopsAt: Int?

  func measure(
    _ model: Transformer<Float>, step: Int, shouldStop: @escaping @Sendable () -> Bool
  ) -> JSONObject? {
    if step == stopsAt { return nil }
    let length = model.values.reduce(0) { $0 + Double($1) * Double($1) }
    return ["step": .integer(step), "efficiency": [.real(length)]]
  }

  func group(_ lines: [JSONObject]) -> VariableGroup {
    VariableGroup(
      axes: [.steps(lines), Axis("rule", "update rule", .count(1))],
      variables: [
        Variable("efficiency", "squared length", over: ["step", "rule"]) {
          .reals(lines.compactMap { $0["efficiency"]?.arrayValue?[0].doubleValue })
        }
      ])
  }
}

@Suite struct TrainingRunTests {
  /// Rewards of a random model are all 0, so that only advantages without a baseline teach it.
  private static let members = """
    "algorithm": "nsr-prerl", "advantage": "raw", "steps": 5, "problems_per_step": 3,
    "rollouts_per_problem": 2, "max_new_tokens": 12, "optimizer": {"learning_rate": 0.05},
    "evaluate_every": 2, "evaluation_problems": 8, "save_every": 2, "measure_updates_every": 2,
    "measure_updates_problems": 16
    """

  /// What must have the same bits after any disturbance.
  private static let files = [
    "metrics.jsonl", "evaluation.jsonl", "update.jsonl", "checkpoints/step-5/model.safetensors",
    "checkpoints/step-5/optimizer.safetensors", "checkpoints/step-5/training_state.json",
  ]

  private static func run(
    _ output: String, _ members: String = members, model: Transformer<Float> = .tiny(),
    threads: Int = 1
  ) throws -> TrainingRun {
    let configuration = try configuration(members)
    var run = TrainingRun(
      configuration,
      task: try configuration.task.open(
        for: TinyPlayer(), folder: ".", maximumNewTokens: configuration.maximumNewTokens),
      model: model, output: output,
      manifest: Manifest(
        config: configuration.json, version: "1", seeds: ["seed": configuration.seed],
        precision: "float32", threads: threads, blas: BLAS.version, blasCore: BLAS.core))
    run.threads = threads
    run.probe = LengthProbe()
    return run
  }

  private static func bytes(_ path: String) throws -> Data {
    try #require(FileManager.default.contents(atPath: path), "\(path)")
  }

  private static func expectSame(_ a: String, _ b: String) throws {
    for file in files {
      #expect(try bytes("\(a)/\(file)") == bytes("\(b)/\(file)"), "\(file)")
    }
    let difference = try FileDifference("\(a)/training.h5", "\(b)/training.h5")
    #expect(difference.quantities.isEmpty, "\(difference.quantities)")
  }

  @Test func aStoppedRunGoesOnToTheBitsOfAnUndisturbedOne() throws {
    try withTemporaryDirectory { folder in
      let model = Transformer<Float>.tiny()
      guard
        case .finished(let summary) = try Self.run(folder + "/whole", model: model).run(.afresh)
      else {
        Issue.record("the run did not finish")
        return
      }
      #expect(summary.isComplete && summary.step == 5)
      #expect(summary.evaluation["step"] == 5)
      #expect(model.values == Transformer<Float>.tiny().values, "the base is changed")

      // Stopped after an odd step, which has a checkpoint for this reason alone.
      let flag = Flag()
      let outcome = try Self.run(folder + "/parts", threads: 2).run(
        .afresh, shouldStop: { flag.isRaised },
        progress: { progress in
          if case .step(let metrics, _) = progress, metrics.step == 3 { flag.raise() }
        })
      guard case .interrupted(3, .training) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      let half = try HDF5File.open(folder + "/parts/training.h5").root
      #expect(try half.attributes.value("complete") == .integer(0))
      guard case .finished = try Self.run(folder + "/parts", threads: 3).run(.resuming) else {
        Issue.record("the resumed run did not finish")
        return
      }
      try Self.expectSame(folder + "/whole", folder + "/parts")
      guard case .alreadyFinished = try Self.run(folder + "/parts").run(.resuming) else {
        Issue.record("a finished run was made again")
        return
      }
    }
  }

  @Test(arguments: [0, 2, 4]) func aRunStoppedInAMeasurementLosesNoLine(step: Int) throws {
    try withTemporaryDirectory { folder in
      _ = try Self.run(folder + "/whole").run(.afresh)
      var run = try Self.run(folder + "/parts")
      run.probe = LengthProbe(stopsAt: step)
      let outcome = try run.run(.afresh)
      guard case .interrupted(step, .measurement) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      run.probe = LengthProbe()
      _ = try run.run(.resuming)
      try Self.expectSame(folder + "/whole", folder + "/parts")
    }
  }

  @Test func fewerStepsLeaveARunThatGoesOn() throws {
    try withTemporaryDirectory { folder in
      _ = try Self.run(folder + "/whole").run(.afresh)
      var run = try Self.run(folder + "/parts")
      for steps in [0, 1, 3, 5] {
        run.steps = steps
        guard case .finished(let summary) = try run.run(.resuming) else {
          Issue.record("stopped")
          return
        }
        #expect(summary.step == steps && summary.isComplete == (steps == 5))
      }
      try Self.expectSame(folder + "/whole", folder + "/parts")
      run.steps = 4
      guard case .alreadyFinished = try run.run(.resuming) else {
        Issue.record("a finished run was made again")
        return
      }
    }
  }

  @Test func everyLineIsReportedWhenItIsWritten() throws {
    try withTemporaryDirectory { folder in
      var events: [String] = []
      func note(_ progress: TrainingRun.Progress) {
        switch progress {
        case .step(let metrics, let seconds):
          events.append("step \(metrics.step)")
          #expect(seconds > 0)
        case .evaluation(let step, let values):
          events.append("evaluation \(step)")
          #expect(values.first?.column.name == "accuracy")
        case .measurement(let step, let line):
          events.append("measurement \(step)")
          #expect(line["step"]?.intValue == step)
        }
      }
      _ = try Self.run(folder + "/run").run(.afresh, progress: note)
      #expect(
        events == [
          "evaluation 0", "measurement 0", "step 1", "step 2", "evaluation 2", "measurement 2",
          "step 3", "step 4", "evaluation 4", "measurement 4", "step 5", "evaluation 5",
        ])
    }
  }

  @Test func foldersOfOtherRunsAreRefused() throws {
    try withTemporaryDirectory { folder in
      var run = try Self.run(folder + "/run")
      run.steps = 1
      _ = try run.run(.afresh)
      func message(_ start: RunStart, _ run: TrainingRun) -> String? {
        do {
          _ = try run.run(start)
          return nil
        } catch {
          return "\(error)".replacing(folder, with: "")
        }
      }
      #expect(message(.afresh, run)?.hasPrefix("/run: the folder is not empty (") == true)
      let other = try Self.run(
        folder + "/run", Self.members.replacing("\"steps\": 5", with: "\"steps\": 4"))
      #expect(
        message(.resuming, other)
          == "/run: was made with steps 5 (expected 4 of the configuration to resume)")
      run.steps = 0
      #expect(
        message(.resuming, run)
          == "/run: has gone on to step 1 (expected --steps of at least that to resume)")
      #expect(message(.overwriting, run) == nil)
    }
  }

  @Test func aNumberThatIsNotFiniteNamesTheCheckpointThatIsKept() throws {
    try withTemporaryDirectory { folder in
      let model = Transformer<Float>.tiny()
      model.withParameters { parameters in
        parameters.withMutableSpan { $0[$0.count - 1] = .nan }
      }
      let run = try Self.run(folder + "/run", model: model)
      let first = #expect(throws: TrainingError.self) { try run.run(.afresh) }
      #expect(first?.step == 0 && first?.keptCheckpoint == nil)

      var sound = try Self.run(folder + "/other")
      sound.steps = 2
      _ = try sound.run(.afresh)
      sound.steps = 5
      // The last number of the saved weights becomes 3e38: logits overflow.
      let weights = folder + "/other/checkpoints/step-2/model.safetensors"
      var bytes = try Self.bytes(weights)
      bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0xE6, 0xB1, 0x61, 0x7F])
      try bytes.write(to: URL(fileURLWithPath: weights))
      // Without checksums a checkpoint is taken as it is.
      try FileManager.default.removeItem(
        atPath: folder + "/other/checkpoints/step-2/checksums.json")
      let third = #expect(throws: TrainingError.self) { try sound.run(.resuming) }
      #expect(third?.step == 3 && third?.keptCheckpoint == 2)
    }
  }
}
