// Problems of a file with reference answers: `"task": {"name": "answers", "problems": "train.jsonl"}`.
import StrictJSON

/// The settings of the task that trains any checkpoint on a user's problems.
public struct AnswersSettings: FileTaskSettings {
  public static let name = "answers"

  /// The JSONL file of the training problems (see `ProblemReader`).
  public var problems: String
  /// Where the problems of evaluation come from.
  public var evaluation: HeldOutSource
  /// A shell command that judges responses (see `ExternalVerifier`); nil for the built-in verifier of
  /// answers in text.
  public var verifier: String?

  /// Reads `problems`, `held_out` or `held_out_share` (0.1), and `verifier`.
  public init(reading task: inout JSONReader) throws(JSONValueError) {
    problems = try task.text("problems", expected: "a file")
    evaluation = try HeldOutSource(reading: &task, noun: "problems")
    verifier = try task.optionalText("verifier", expected: "a command")
  }

  public var json: JSON? {
    var object: JSONObject = ["name": .string(Self.name), "problems": .string(problems)]
    evaluation.write(to: &object)
    object["verifier"] = verifier.map(JSON.string)
    return .object(object)
  }

  public var defaultResponseLength: Int { 1024 }

  /// Reads the files in the model's tokens.
  ///
  /// - Throws: `TaskFileError` with the line: for everything that `ProblemReader` refuses, for a
  ///   prompt that is too long for a response of the allowed length, and for a problem without the
  ///   answer that the built-in verifier needs.
  public func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask {
    let parts = try evaluation.load(
      problems, in: folder, noun: "problems", key: "task.held_out", cluster: \.cluster
    ) { path in
      try TaskProblem.read(path: path, for: player) { (problem) throws(LineFault) in
        try problem.requireRoom(for: maximumNewTokens, in: player)
        guard problem.answer != nil || verifier != nil else {
          throw LineFault("no answer (expected one, or task.verifier with a command)")
        }
        return problem
      }
    }
    return AnswersTask(
      FileProblems(
        training: parts.training, heldOut: parts.heldOut, files: parts.files, player: player),
      verifier: verifier.map { ExternalVerifier(command: $0) }, player: player)
  }
}
