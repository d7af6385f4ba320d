// Lengths of responses without token ids: words, or the tokens of a checkpoint that was named.
import Tasks

/// Stands in for a tokenizer where only the number of tokens matters.
struct ThoughtEncoder: RolloutEncoder {
  /// Nil counts words.
  let tokenizer: TextEncoder?

  /// What every word of a response becomes; no vocabulary is that large.
  static let word = Int32.max - 1
  /// One more than the largest token id that is taken.
  static let vocabularySize = Int(Int32.max)

  /// Only the identity of prompts matters: rollouts of the same prompt belong together.
  func encode(prompt: Prompt) throws -> [Int32] {
    func bytes(_ text: String) -> [Int32] { text.utf8.map { Int32($0) + 1 << 30 } }
    switch prompt {
    case .text(let text):
      if let tokenizer, let tokens = try? tokenizer.encode(prompt: prompt) { return tokens }
      return bytes(text)
    case .messages(let messages):
      return bytes(messages.flatMap { [$0.role, $0.content] }.joined(separator: "\n"))
    }
  }

  func encode(response: String) throws -> [Int32] {
    if let tokenizer { return try tokenizer.encode(response: response) }
    // White space alone is one word: a response has a length.
    return [Int32](repeating: Self.word, count: max(1, Self.wordCount(Array(response.utf8))))
  }

  /// The number of runs of bytes that are no ASCII white space.
  static func wordCount(_ bytes: [UInt8]) -> Int {
    var count = 0
    var wasSpace = true
    for byte in bytes {
      let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
      if wasSpace, !isSpace { count += 1 }
      wasSpace = isSpace
    }
    return count
  }
}
