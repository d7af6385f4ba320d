// Countdown in a configuration: `"task": {"numbers": 4}` or `"task": {"restating": false}`.
import KeyedRandom
import StrictJSON

extension CountdownVariant: TaskSettings {
  public static var name: String { "countdown" }

  /// Reads `numbers` and `restating`.
  public init(reading task: inout JSONReader) throws(JSONValueError) {
    let restates = try task.optionalBool("restating") ?? true
    let count = try task.optionalInt("numbers", in: 3...5) ?? 3
    guard restates || count == 3 else {
      throw JSONValueError(
        path: task.path(of: "numbers"), message: "\(count) with restating false (expected 3)")
    }
    self = restates ? Self(numberCount: count) ?? .three : .positions
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

extension CountdownVariant: CorpusTask {
  public static var vocabulary: TaskVocabulary {
    TaskVocabulary(
      words: CountdownVocabulary.words, padding: CountdownVocabulary.pad,
      start: CountdownVocabulary.bos, end: CountdownVocabulary.eos)
  }

  public static var standardQuestionShare: Double? { CountdownCorpus.Settings().questionShare }

  public func documents(
    questionShare: Double?, key: RandomKey
  ) -> @Sendable (Int) -> [Int32] {
    var settings = CountdownCorpus.Settings(self)
    settings.questionShare = questionShare ?? settings.questionShare
    let corpus = CountdownCorpus(self, settings: settings, key: key)
    return { corpus.document($0).tokens }
  }
}
