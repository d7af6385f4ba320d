// Reads rollout files that a test writes.
import Foundation
import StrictJSON
import Tasks
import TestSupport
import Testing

/// A token for every byte of the text; turns are joined by their roles' first letters.
struct ByteEncoder: RolloutEncoder {
  func encode(prompt: Prompt) throws -> [Int32] {
    switch prompt {
    case .text(let text): return text.utf8.map(Int32.init)
    case .decoded(let text): return "d:\(text)".utf8.map(Int32.init)
    case .messages(let conversation):
      return conversation.messages.flatMap { message in
        let (role, content) = (message["role"]?.stringValue, message["content"]?.stringValue)
        return "\((role ?? "").prefix(1)):\(content ?? "")".utf8.map { Int32($0) }
      }
    }
  }

  func encode(response: String) throws -> [Int32] {
    if response == "unknown" { throw CancellationError() }
    return response == "nothing" ? [] : response.utf8.map(Int32.init)
  }
}

/// Suites of tests that read lines of rollouts.
protocol RolloutReading {}

extension RolloutReading {
  var options: RolloutReader.Options {
    RolloutReader.Options(vocabularySize: 256, encoder: ByteEncoder())
  }

  func read(
    _ text: String, _ options: RolloutReader.Options? = nil
  ) throws -> [Rollout] {
    try read(bytes: Array(text.utf8), options)
  }

  func read(
    bytes: [UInt8], _ options: RolloutReader.Options? = nil
  ) throws -> [Rollout] {
    try withTemporaryDirectory { folder in
      let path = folder + "/rollouts.jsonl"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        return try RolloutReader.read(path: path, options: options ?? self.options)
      } catch let error as TaskFileError {
        #expect(error.path == path)
        #expect(!error.description.contains("\n"))
        #expect(error.description.hasPrefix(path + ":\(error.line ?? 0): "))
        throw error
      }
    }
  }

  /// The line and the message of the refusal of a file.
  func refusal(
    _ text: String, _ options: RolloutReader.Options? = nil
  ) -> String {
    do {
      let rollouts = try read(text, options)
      return "\(rollouts.count) rollouts"
    } catch let error as TaskFileError {
      return "\(error.line ?? 0): \(error.message)"
    } catch {
      return "\(error)"
    }
  }
}
