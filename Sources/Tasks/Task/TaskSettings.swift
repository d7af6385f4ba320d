// A task as a configuration describes it.
import StrictJSON

/// The settings of a task, read before any model is known; `open` makes the task for a model.
public protocol TaskSettings: Sendable {
  /// The name in `task.name` of a configuration.
  static var name: String { get }

  /// Reads the task's own members of the key `task`.
  ///
  /// - Throws: `JSONValueError` naming a missing or out-of-range key.
  init(reading task: inout JSONReader) throws(JSONValueError)

  /// The value of the key `task`; nil for the default task.
  var json: JSON? { get }

  /// The largest number of tokens that a response may have.
  var maximumResponseLength: Int { get }

  /// The default of the number of tokens that a response may have.
  var defaultResponseLength: Int { get }

  /// The size of the model's vocabulary, if the task requires a fixed one.
  var vocabularySize: Int? { get }

  /// The null context of a configuration without one: token ids, or nil for the model's start token.
  var nullContext: [Int32]? { get }

  /// The largest number of tokens that a null context may have.
  var maximumContextLength: Int { get }

  /// Makes the task for a model.
  ///
  /// - Parameters:
  ///   - folder: The configuration's folder, to which paths are relative.
  ///   - maximumNewTokens: Tokens of the longest response, which must fit after every prompt.
  /// - Throws: `TaskFileError` for a model that the task does not support, and for malformed files.
  func open(
    for player: any TaskPlayer, folder: String, maximumNewTokens: Int
  ) throws -> any PolicyTask

  /// Whether a prompt belongs to this task, for any model. Only for tasks whose prompts are
  /// unmistakable.
  static func recognizes(_ prompt: [Int32]) -> Bool

  /// The statistics of responses to prompts that it recognizes.
  static var statistics: [TaskStatistic] { get }
}

extension TaskSettings {
  public static func recognizes(_ prompt: [Int32]) -> Bool { false }
  public static var statistics: [TaskStatistic] { [] }
}
