import Foundation
import Testing

/// A training run does not go on from what is damaged or incomplete.
@Suite struct CheckpointDamageTests {
  private static func configuration(steps: Int) -> String {
    """
    {"algorithm": "nsr-prerl", "steps": \(steps), "problems_per_step": 4, "rollouts_per_problem": 4,
     "evaluate_every": 1, "evaluation_problems": 12, "save_every": 1}
    """
  }

  private static let weights = "checkpoints/step-3/model.safetensors"

  private static func resume(_ program: Program) throws -> Program.Outcome {
    try program.run("train", "c.json", "--output", "run", "--resume", "--quiet")
  }

  private static func begin(_ program: Program, keep: Int) throws {
    try program.write(configuration(steps: 4), to: "c.json")
    let outcome = try program.run(
      "train", "c.json", "--output", "run", "--quiet", "--steps", "3", "--keep", "\(keep)")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func evaluationsAreCompleteOrRefused() throws {
    try withProgram { program in
      try Self.begin(program, keep: 1)
      let path = "run/evaluation.jsonl"
      let text = String(decoding: try program.read(path), as: UTF8.self)
      let lines = text.split(separator: "\n").map { "\($0)\n" }
      #expect(lines.count == 4)
      for (name, damaged, message) in [
        ("shortened", lines[..<2].joined(), "ends before step 2"),
        ("doubled", lines.joined() + lines[3], "has step 3 after step 3"),
        ("a gap", lines[0] + lines[2] + lines[3], "has no line of step 1"),
        ("empty", "", "ends before step 0"),
      ] {
        try program.write(damaged, to: path)
        let outcome = try Self.resume(program)
        #expect(outcome.status == 2, "\(name)")
        #expect(outcome.errors.hasPrefix("prerl: \(path): \(message)"), "\(outcome.errors)")
        #expect(try program.read(path) == Array(damaged.utf8), "\(name)")
      }
    }
  }

  @Test func aFlippedBitIsRefusedByName() throws {
    try withProgram { program in
      try Self.begin(program, keep: 1)
      var bytes = try program.read("run/" + Self.weights)
      bytes[bytes.count / 2] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: program.folder + "/run/" + Self.weights))
      let outcome = try Self.resume(program)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(Self.weights + ": damaged: its SHA-256 is "))
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }

  @Test(arguments: ["model.safetensors", "training_state.json", "checksums.json"])
  func anOlderCheckpointStandsInForATruncatedOne(file: String) throws {
    try withProgram { program in
      try Self.begin(program, keep: 2)
      try program.write("", to: "run/checkpoints/step-3/" + file)
      let outcome = try Self.resume(program)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("prerl: warning: run/checkpoints/step-3/\(file): damaged"))
      #expect(outcome.errors.contains("going on from step 2"))
      #expect(
        try program.run("train", "c.json", "--output", "whole", "--quiet").status == 0)
      #expect(try program.run("diff", "run/training.h5", "whole/training.h5").status == 0)
    }
  }

  @Test func aFinishedRunTakesMoreSteps() throws {
    try withProgram { program in
      try program.write(Self.configuration(steps: 2), to: "c.json")
      #expect(try program.run("train", "c.json", "--output", "run", "--quiet").status == 0)
      try program.write(Self.configuration(steps: 3), to: "c.json")
      let longer = try Self.resume(program)
      #expect(longer.status == 0, "\(longer.errors)")
      #expect(try program.run("train", "c.json", "--output", "whole", "--quiet").status == 0)
      #expect(try program.run("diff", "run/training.h5", "whole/training.h5").status == 0)
      try program.write(Self.configuration(steps: 2), to: "c.json")
      #expect(try Self.resume(program).status == 2)
    }
  }
}
