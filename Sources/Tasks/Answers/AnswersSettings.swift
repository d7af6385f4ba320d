// Problems of a file with reference answers: `"task": {"name": "answers", "problems": "train.jsonl"}`.
import StrictJSON

/// The settings of the task that trains any checkpoint on a user's problems.
public struct AnswersSettings: TaskSettings {
  public static let name = "answers"

  /// The JSONL file of the training problems (see `ProblemReader`).
  public var problems: String
  /// Where the problems of evaluation come from.
  public var evaluation: Evaluation
  /// A shell command that judges responses (see `ExternalVerifier`); nil for the built-in verifier of
  /// answers in text.
  public var verifier: String?

  /// Where the problems of evaluation come from.
  public enum Evaluation: Sendable, Hashable {
    /// A separate file.
    case file(String)
    /// This fraction of the clusters of `problems`, which training then never sees.
    case share(Double)
  }

  /// Reads `problems`, `held_out` or `held_out_share` (0.1), and `verifier`.
  public init(reading task: inout JSONReader) throws(JSONValueError) {
    problems = try task.string("problems")
    let file = try task.optionalString("held_out")
    let share = try task.optionalDouble("held_out_share", in: 0.001...0.9)
    if file != nil, share != nil {
      throw JSONValueError(
        path: task.path(of: "held_out_share"),
        message: "with held_out (expected only one: the file has all problems of evaluation)")
    }
    evaluation = file.map { .file($0) } ?? .share(share ?? 0.1)
    verifier = try task.optionalString("verifier")
    for (key, text) in [("problems", problems), ("held_out", file), ("verifier", verifier)] {
      guard text != "" else {
        throw JSONValueError(path: task.path(of: key), message: "is empty (expected some text)")
      }
    }
  }

  public var json: JSON? {
    var object: JSONObject = ["name": .string(Self.name), "problems": .string(problems)]
    switch evaluation {
    case .file(let path): object["held_out"] = .string(path)
    case .share(let share): object["held_out_share"] = .real(share)
    }
    object["verifier"] = verifier.map(JSON.string)
    return .object(object)
  }

  public var maximumResponseLength: Int { 1 << 20 }
  public var defaultResponseLength: Int { 1024 }
  public var vocabularySize: Int? { nil }
  public var nullContext: [Int32]? { nil }
  public var maximumContextLength: Int { 4096 }

  /// Reads the files in the model's tokens.
  ///
  /// - Throws: `TaskFileError` with the line: for everything that `ProblemReader` refuses, for a
  ///   prompt that is too long for a response of the allowed length, and for a problem without the
  ///   answer that the built-in verifier needs.
  public func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask {
    func read(_ path: String) throws -> [TaskProblem] {
      try TaskProblem.read(path: Self.path(path, in: folder), for: player) {
        (problem) throws(LineFault) in
        let room = player.maximumPositions - maximumNewTokens
        guard problem.promptTokens.count <= room else {
          throw LineFault(
            "the prompt has \(problem.promptTokens.count) tokens (expected at most \(room): the model "
              + "has \(player.maximumPositions) positions, max_new_tokens is \(maximumNewTokens))")
        }
        guard problem.answer != nil || verifier != nil else {
          throw LineFault("no answer (expected one, or task.verifier with a command)")
        }
        return problem
      }
    }
    let own = try read(problems)
    let paths = [problems] + (heldOutPath.map { [$0] } ?? [])
    let (training, heldOut) =
      if let heldOutPath {
        (own, try read(heldOutPath))
      } else {
        try split(own, folder)
      }
    return AnswersTask(
      training: training, heldOut: heldOut, files: paths.map { Self.path($0, in: folder) },
      verifier: verifier.map { ExternalVerifier(command: $0) }, player: player)
  }

  private var heldOutPath: String? {
    if case .file(let path) = evaluation { return path }
    return nil
  }

  private func split(
    _ own: [TaskProblem], _ folder: String
  ) throws(TaskFileError) -> ([TaskProblem], [TaskProblem]) {
    guard case .share(let share) = evaluation,
      let parts = ClusterSplit(own, share: share, cluster: \.cluster)
    else {
      throw TaskFileError(
        "all problems belong to one cluster (expected several to hold some out, or task.held_out "
          + "with a file)", path: Self.path(problems, in: folder))
    }
    return (parts.training, parts.heldOut)
  }

  /// Resolves a path relative to the configuration's folder.
  private static func path(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") || folder.isEmpty || folder == "." ? path : "\(folder)/\(path)"
  }
}
