// Training of a checkpoint of text on the problems of a file, by the program.
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct AnswersTrainTests {
  /// Rewards responses with an e in them, so that a random model has right and wrong ones.
  private static let verifier =
    #"sed -E -e 's/^\\{\"id\":(\"[^\"]*\"),\"response\":\"[^\"]*e.*$/{\"id\":\\1,\"reward\":1}/' "#
    + #"-e 't' -e 's/^\\{\"id\":(\"[^\"]*\").*$/{\"id\":\\1,\"reward\":0}/'"#

  private static func problems(_ count: Int) -> String {
    (0..<count).map {
      """
      {"id": "q\($0)", "messages": [{"role": "user", "content": "What is \($0) + 1?"}], \
      "answer": "\($0 + 1)"}

      """
    }.joined()
  }

  private static func configuration(_ algorithm: String, _ more: String = "") -> String {
    """
    {
      "algorithm": "\(algorithm)", "steps": 2,
      "task": {"name": "answers", "problems": "train.jsonl", "verifier": "\(verifier)"},
      "problems_per_step": 4, "rollouts_per_problem": 4, "max_new_tokens": 8,
      "evaluate_every": 1, "evaluation_problems": 6,
      "optimizer": {"learning_rate": 0.01}\(more)
    }

    """
  }

  /// A folder with a checkpoint of text and problems.
  private static func withAnswers(_ body: (Program) throws -> Void) throws {
    try withProgram { program in
      _ = try TextCheckpoint(at: program.folder + "/model")
      try FileManager.default.createDirectory(
        atPath: program.folder + "/own", withIntermediateDirectories: false)
      try program.write(problems(30), to: "own/train.jsonl")
      try body(program)
    }
  }

  @Test(arguments: ["grpo", "nsr-prerl"])
  func anyCheckpointLearnsFromAFileAndARunGoesOnToTheSameBits(algorithm: String) throws {
    try Self.withAnswers { program in
      try program.write(Self.configuration(algorithm), to: "own/c.json")
      func train(_ output: String, _ more: String...) throws -> Program.Outcome {
        try program.run(
          ["train", "own/c.json", "--model", "model", "--output", output, "--quiet"] + more)
      }
      let whole = try train("whole", "--threads", "2")
      #expect(whole.status == 0, "\(whole.errors)")
      let metrics = try program.objects("whole/metrics.jsonl")
      #expect(metrics.count == 2)
      #expect(
        metrics.allSatisfy { ($0["grad_norm"]?.doubleValue ?? 0) > 0 }, "something is learned")
      #expect(metrics.allSatisfy { 0.01...0.99 ~= $0["reward"]?.doubleValue ?? 0 })
      #expect(metrics[0]["transitions"] == nil, "nobody counts Countdown's moves here")
      let evaluations = try program.objects("whole/evaluation.jsonl")
      #expect(evaluations.map { $0["step"]?.intValue } == [0, 1, 2])
      #expect(evaluations[2]["kl_to_base"]?.doubleValue != 0)
      #expect(evaluations[0]["pretraining_loss"] == nil)

      #expect(try train("run", "--steps", "1", "--threads", "1").status == 0)
      #expect(try train("run", "--resume").status == 0)
      for file in [
        "metrics.jsonl", "evaluation.jsonl", "checkpoints/step-2/model.safetensors",
        "checkpoints/step-2/optimizer.safetensors",
      ] {
        #expect(try program.read("run/\(file)") == program.read("whole/\(file)"), "\(file)")
      }
      #expect(try program.run("diff", "run/training.h5", "whole/training.h5").status == 0)

      let manifest = try program.object("whole/manifest.json")
      let task = manifest["config"]?.objectValue?["task"]?.objectValue
      #expect(task?["held_out_share"]?.doubleValue == 0.1)
      let inputs = manifest["inputs"]?.arrayValue?.compactMap { $0.objectValue } ?? []
      #expect(inputs.contains { $0["role"] == "problems" && $0["path"] == "own/train.jsonl" })

      // The checkpoint has the tokenizer and the template of the model it came from.
      try program.write(Self.problems(3), to: "test.jsonl")
      let evaluation = try program.run(
        "evaluate", "--model", "whole/checkpoints/step-2", "--problems", "test.jsonl",
        "--per-problem", "2", "--k", "1,2", "--max-new-tokens", "8", "--json", "--quiet")
      #expect(evaluation.status == 0, "\(evaluation.errors)")
      let accuracy = try evaluation.object()["accuracy"]?.objectValue
      #expect(accuracy?["n"] == 6 && accuracy?["mean"]?.doubleValue == 0)
      #expect(try evaluation.object()["moves"] == .null)

      let compared = try program.run("compare", "whole", "--json")
      #expect(compared.status == 0, "\(compared.errors)")

      try program.write(Self.problems(31), to: "own/train.jsonl")
      try program.write("", to: "run/summary.json")
      let other = try train("run", "--resume")
      #expect(other.status == 2)
      #expect(
        other.errors
          == "prerl: run: was made with other problems (expected the same files to resume)\n")
    }
  }

  @Test func aRightAnswerIsRewardedByTheBuiltInVerifier() throws {
    try withProgram { program in
      _ = try TextCheckpoint(at: program.folder + "/model", answer: "Answer: 4")
      try program.write(Self.problems(8), to: "train.jsonl")
      try program.write(Self.problems(4), to: "test.jsonl")
      try program.write(
        """
        {"algorithm": "w-reinforce", "steps": 1, "problems_per_step": 4, "rollouts_per_problem": 2,
          "task": {"name": "answers", "problems": "train.jsonl", "held_out": "test.jsonl"},
          "max_new_tokens": 16, "temperature": 0.01}
        """, to: "c.json")
      let outcome = try program.run("train", "c.json", "--model", "model", "--output", "run")
      #expect(outcome.status == 0, "\(outcome.errors)")
      // The answer 4 is right for one of the four held-out problems, q3.
      let evaluation = try program.objects("run/evaluation.jsonl")[0]
      #expect(evaluation["accuracy"]?.doubleValue == 0.25)
      #expect(evaluation["ended"]?.doubleValue == 1)
    }
  }

  @Test(arguments: [
    (
      #""max_new_tokens": 8"#, #""max_new_tokens": 1020"#,
      "prerl: own/train.jsonl:1: the prompt has "
    ),
    (
      #""problems": "train.jsonl""#, #""problems": "none.jsonl""#,
      "prerl: own/none.jsonl: no such file (expected a JSONL file)"
    ),
    (
      #""name": "answers""#, #""name": "answers", "answer": 4"#,
      "prerl: own/c.json:3: task.answer: unknown key (expected one of: name, problems, "
    ),
    (
      #""steps": 2"#, #""steps": 2, "loss": {"null_context": [720]}"#,
      "prerl: own/c.json:2: loss.null_context has the token id 720 (expected ids below 720, "
    ),
  ])
  func whatCannotBeTrainedIsOneLine(what: String, replacement: String, message: String) throws {
    try Self.withAnswers { program in
      try program.write(
        Self.configuration("nsr-prerl").replacing(what, with: replacement), to: "own/c.json")
      let outcome = try program.run(
        "train", "own/c.json", "--model", "model", "--output", "run")
      #expect(outcome.status == 2)
      #expect(outcome.errors.hasPrefix(message), "\(outcome.errors)")
      #expect(outcome.errors.count { $0 == "\n" } == 1)
    }
  }

  @Test func aModelWithoutAStartTokenIsToldHowToNameTheNullContext() throws {
    try Self.withAnswers { program in
      let path = program.folder + "/model/config.json"
      let config = try String(contentsOfFile: path, encoding: .utf8)
      var object = try #require(try JSON.parse(config).objectValue)
      object["bos_token_id"] = nil
      try Data(JSON.object(object).text().utf8).write(to: URL(fileURLWithPath: path))
      try program.write(Self.configuration("nsr-prerl"), to: "own/c.json")
      let outcome = try program.run(
        "train", "own/c.json", "--model", "model", "--output", "run")
      #expect(outcome.status == 2)
      #expect(
        outcome.errors
          == "prerl: own/c.json:1: loss.null_context is \"bos\", and the model has no start token (expected "
          + "token ids, for example [0])\n")
    }
  }
}
