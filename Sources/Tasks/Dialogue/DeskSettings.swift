// Desk in a configuration: `"task": {"name": "desk"}`.
import KeyedRandom
import StrictJSON

/// The dialogue task with its user.
public struct DeskSettings: TaskSettings {
  public static var name: String { "desk" }

  /// The process behind the user's turns.
  public var user: DeskUser

  public init(user: DeskUser = DeskUser()) {
    self.user = user
  }

  /// Reads `user_noise`.
  public init(reading task: inout JSONReader) throws(JSONValueError) {
    user = DeskUser(noise: try task.optionalDouble("user_noise", in: 0...1) ?? 0)
  }

  public var json: JSON? {
    var object: JSONObject = ["name": .string(Self.name)]
    if user.noise > 0 { object["user_noise"] = .real(user.noise) }
    return .object(object)
  }

  public var maximumResponseLength: Int { DeskTranscript.maximumLength(turns: user.patience) }
  public var defaultResponseLength: Int { maximumResponseLength }
  public var vocabularySize: Int? { DeskVocabulary.count }
  /// A turn of the assistant alone.
  public var nullContext: [Int32]? { [DeskVocabulary.bos, DeskVocabulary.assistant] }
  public var maximumContextLength: Int { maximumResponseLength }

  /// The task needs a model with its 43 words as its vocabulary.
  public func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask {
    guard player.vocabularySize == DeskVocabulary.count else {
      throw TaskFileError(
        "a vocabulary of \(player.vocabularySize) cannot read the dialogues of the desk (expected "
          + "\(DeskVocabulary.count), a checkpoint pretrained on them)", path: player.name)
    }
    return DeskTask(user: user)
  }

  public static func recognizes(_ prompt: [Int32]) -> Bool { DeskTask.opening(prompt) != nil }
  public static var statistics: [TaskStatistic] { DeskTask.statistics }
}

extension DeskSettings: CorpusTask {
  public static var vocabulary: TaskVocabulary {
    TaskVocabulary(
      words: DeskVocabulary.words, padding: DeskVocabulary.pad, start: DeskVocabulary.bos,
      end: DeskVocabulary.eos)
  }

  public static var standardQuestionShare: Double? { nil }

  public func documents(
    questionShare: Double?, key: RandomKey
  ) -> @Sendable (Int) -> [Int32] {
    let corpus = DeskCorpus(user: user, key: key)
    return { corpus.document($0).transcript.tokens }
  }
}
