// Prompts that replace the problem's own prompt.
import KeyedRandom

/// Draws a prompt other than the problem's own. Equal keys draw equal prompts.
public enum PromptDraw {
  /// The number of draws after which the search for another cluster fails.
  private static let maximumTries = 100_000

  /// The prompt of another problem of the task, of another cluster.
  ///
  /// - Throws: `TaskFileError` if every draw has the problem's own cluster.
  public static func mismatched(
    for problem: TaskProblem, of task: any PolicyTask, key: RandomKey
  ) throws(TaskFileError) -> [Int32] {
    var generator = key.generator()
    for _ in 0..<maximumTries {
      let other = task.draw(key: key.derive(generator.next()))
      if other.cluster != problem.cluster { return other.promptTokens }
    }
    throw TaskFileError(
      "all problems belong to the cluster \(problem.cluster) (expected several, so that a problem "
        + "can have another one's prompt)", path: task.files.first ?? "task")
  }

  /// The prompt's first token, then random tokens, uniform over `tokens`, up to the prompt's
  /// length.
  public static func random(
    like prompt: [Int32], from tokens: [Int32], key: RandomKey
  ) -> [Int32] {
    var generator = key.generator()
    return prompt.prefix(1)
      + prompt.dropFirst().map { _ in tokens[generator.uniform(below: tokens.count)] }
  }
}
