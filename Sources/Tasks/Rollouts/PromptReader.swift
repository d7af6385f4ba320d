// Reads only the prompts of problems or rollouts.

/// Reads the tokens of prompts as `RolloutReader` does, of lines that need no response.
public struct PromptReader {
  private let path: String
  private let options: RolloutReader.Options
  private var lines: LineReader

  /// The pads before prompts that were left out so far, and the number of prompts that had them.
  public private(set) var padding = (tokens: 0, prompts: 0)
  /// The number of the line that was read last, from 1.
  public var line: Int { lines.line }

  /// Reads the bytes of a file; errors name it by `path`.
  public init(
    path: String, bytes: [UInt8], options: RolloutReader.Options
  ) throws(TaskFileError) {
    self.path = path
    self.options = options
    lines = try LineReader(path: path, bytes: bytes)
  }

  /// The tokens of the next prompt, or nil after the last one.
  ///
  /// Errors, with the line: broken JSON or UTF-8, a missing or empty prompt, and what `RolloutReader`
  /// refuses of a prompt.
  public mutating func next() throws(TaskFileError) -> [Int32]? {
    guard let range = try lines.next() else { return nil }
    do {
      let prompt = try PromptLine(try LineFields(line: lines.buffer[range]), options: options)
      if prompt.padCount > 0 {
        padding = (padding.tokens + prompt.padCount, padding.prompts + 1)
      }
      return prompt.tokens
    } catch {
      throw TaskFileError(error.message, path: path, line: lines.line)
    }
  }
}
