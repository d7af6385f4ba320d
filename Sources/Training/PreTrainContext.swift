// What stands before y in the pre-train space, in place of the question.
import KeyedRandom
import StrictJSON
import Tasks

/// The context n of log π(y|n). The paper has no tokens there; the prompts in its place tell whether
/// it is the missing question that matters or merely a context other than the right one.
public enum PreTrainContext: Sendable, Hashable {
  /// Always these tokens; none leaves y_1 unscored.
  case tokens([Int32])
  /// The model's start token.
  case start
  /// The prompt of another problem, of another cluster, drawn for each group.
  case mismatchedPrompt
  /// The prompt's first token, then as many tokens, uniform over those that are not special, drawn
  /// for each group.
  case randomPrompt

  /// The names of the cases that are not token ids.
  private static let names: [(name: String, context: PreTrainContext)] = [
    ("bos", .start), ("mismatched-prompt", .mismatchedPrompt), ("random-prompt", .randomPrompt),
  ]

  /// The tokens where the setting itself has them.
  public var tokens: [Int32]? {
    if case .tokens(let tokens) = self { return tokens }
    return nil
  }

  /// The context of a configuration without one.
  public init(standardFor task: any TaskSettings) {
    self = task.nullContext.map { .tokens($0) } ?? .start
  }

  /// Reads token ids, or one of the names above.
  ///
  /// - Throws: `JSONValueError` naming what is out of range.
  init(
    reading reader: inout JSONReader, key: String, task: any TaskSettings
  ) throws(JSONValueError) {
    if reader.isString(key) {
      let name = try reader.string(key)
      guard let (_, context) = Self.names.first(where: { $0.name == name }) else {
        throw JSONValueError(
          path: reader.path(of: key),
          message: "\(JSON.string(name).summary) (expected token ids, \"bos\", "
            + "\"mismatched-prompt\" or \"random-prompt\")")
      }
      // A task with a start token of its own stores it as what it is.
      self = context == .start ? PreTrainContext(standardFor: task) : context
      return
    }
    let largest = task.vocabularySize.map { $0 - 1 } ?? Int(Int32.max)
    let tokens = try reader.ints(key, in: 0...largest).map { Int32($0) }
    guard tokens.count <= task.maximumContextLength else {
      throw JSONValueError(
        path: reader.path(of: key),
        message: "\(tokens.count) tokens (expected at most \(task.maximumContextLength))")
    }
    self = .tokens(tokens)
  }

  /// The value as it is read.
  var json: JSON {
    if let tokens { return .array(tokens.map { .integer(Int($0)) }) }
    return Self.names.first { $0.context == self }.map { .string($0.name) } ?? .null
  }

  /// The tokens for a bare document: the setting's own, or the task's where the setting draws them.
  public func documentStart(_ task: any PolicyTask) -> [Int32] { tokens ?? task.documentStart }

  /// What stands in for a problem's prompt where the setting itself has no tokens; nil where it has.
  func drawn(
    for problem: TaskProblem, of task: any PolicyTask, key: RandomKey
  ) throws(TaskFileError) -> [Int32]? {
    switch self {
    case .tokens: nil
    case .start: task.documentStart
    case .mismatchedPrompt: try PromptDraw.mismatched(for: problem, of: task, key: key)
    case .randomPrompt:
      PromptDraw.random(like: problem.promptTokens, from: task.ordinaryTokens, key: key)
    }
  }
}
