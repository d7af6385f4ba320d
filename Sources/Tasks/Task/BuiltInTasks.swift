// The list of tasks.
import StrictJSON

/// The tasks by name.
public enum BuiltInTasks {
  /// Every task. The first one is the default of a configuration.
  public static let all: [any TaskSettings.Type] = [
    CountdownVariant.self, AnswersSettings.self, DeskSettings.self, ConversationsSettings.self,
  ]

  /// The task of a configuration without the key `task`.
  public static let standard: any TaskSettings = CountdownVariant.three

  /// Reads the key `task`: an object with the task's `name` and its own keys.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key.
  public static func settings(
    reading reader: inout JSONReader
  ) throws(JSONValueError) -> any TaskSettings {
    guard var task = try reader.optionalObject("task") else { return standard }
    let name = try task.optionalString("name", oneOf: all.map { $0.name })
    let type = all.first { $0.name == name } ?? all[0]
    let settings = try type.init(reading: &task)
    try task.finish()
    return settings
  }

  /// The statistics of the task that all these prompts belong to; none if there is no such task.
  public static func statistics(ofPrompts prompts: [[Int32]]) -> [TaskStatistic] {
    all.first { type in prompts.allSatisfy { type.recognizes($0) } }?.statistics ?? []
  }
}
