// A task as a configuration describes it.
import StrictJSON

/// The settings of a task, read before any model is known; `open` makes the task for a model.
public protocol TaskSettings: Sendable {
  /// What `task.name` of a configuration calls it.
  static var name: String { get }

  /// Reads the task's own members of the key `task`.
  ///
  /// - Throws: `JSONValueError` naming a missing or out-of-range key.
  init(reading task: inout JSONReader) throws(JSONValueError)

  /// The value of the key `task`; nil for the task that a configuration without the key means.
  var json: JSON? { get }

  /// The most tokens that a response may have.
  var maximumResponseLength: Int { get }

  /// The tokens that a response may have unless the configuration says otherwise.
  var defaultResponseLength: Int { get }

  /// The number of tokens of the model's vocabulary, where the task fixes it.
  var vocabularySize: Int? { get }

  /// The null context of a configuration without one: token ids, or nil for the model's start token.
  var nullContext: [Int32]? { get }

  /// The most tokens that a null context may have.
  var maximumContextLength: Int { get }

  /// Makes the task for a model.
  ///
  /// - Parameters:
  ///   - folder: What relative paths start from: the configuration's folder.
  ///   - maximumNewTokens: Tokens of the longest response, for which every prompt has to leave room.
  /// - Throws: `TaskFileError` for a model that cannot play the task, and for malformed files.
  func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask

  /// Whether a prompt is one of this task's, whatever model wrote it. Only for tasks whose prompts
  /// cannot be mistaken.
  static func recognizes(_ prompt: [Int32]) -> Bool

  /// The statistics of responses to prompts that it recognizes.
  static var statistics: [TaskStatistic] { get }
}

extension TaskSettings {
  public static func recognizes(_ prompt: [Int32]) -> Bool { false }
  public static var statistics: [TaskStatistic] { [] }
}
