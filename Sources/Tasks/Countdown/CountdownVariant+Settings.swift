// Countdown in a configuration: `"task": {"numbers": 4}` or `"task": {"restating": false}`.
import StrictJSON

extension CountdownVariant: TaskSettings {
  public static var name: String { "countdown" }

  /// Reads `numbers` and `restating`.
  public init(reading task: inout JSONReader) throws(JSONValueError) {
    let restates = try task.optionalBool("restating") ?? true
    let count =
      restates ? try task.int("numbers", in: 3...5) : try task.optionalInt("numbers", in: 3...5)
    guard restates || count ?? 3 == 3 else {
      throw JSONValueError(
        path: task.path(of: "numbers"),
        message:
          "\(count ?? 3) with restating false (expected 3)")
    }
    self = restates ? Self(numberCount: count ?? 3) ?? .three : .positions
  }

  /// Reads the key `task` of a configuration that supports this task only; three numbers by
  /// default.
  public init(readingKeyOf reader: inout JSONReader) throws(JSONValueError) {
    self = .three
    guard var task = try reader.optionalObject("task") else { return }
    self = try CountdownVariant(reading: &task)
    try task.finish()
  }

  /// nil for three numbers, so that configurations of the embedded task are unchanged.
  public var json: JSON? {
    switch self {
    case .three: nil
    case .four, .five: ["numbers": .integer(numberCount)]
    case .positions: ["restating": false]
    }
  }

  public var defaultResponseLength: Int { maximumResponseLength }
  public var vocabularySize: Int? { CountdownVocabulary.count }
  public var nullContext: [Int32]? { [CountdownVocabulary.bos] }
  public var maximumContextLength: Int { Self.three.promptLength }

  /// The task needs a model with the 56 words as its vocabulary.
  public func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask {
    guard player.vocabularySize == CountdownVocabulary.count else {
      throw TaskFileError(
        "a vocabulary of \(player.vocabularySize) cannot read the built-in problems (expected a "
          + "checkpoint of the embedded task)", path: player.name)
    }
    return CountdownTask(self)
  }

  public static func recognizes(_ prompt: [Int32]) -> Bool {
    CountdownProblem(prompt: prompt) != nil
  }
}
