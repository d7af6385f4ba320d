// Lengths of responses without token ids: in words, or in tokens of the checkpoint given by
// `--model`.
import StrictJSON
import Tasks

/// Replaces a tokenizer if only the number of tokens matters.
struct ThoughtEncoder: RolloutEncoder {
  /// Nil counts words.
  let tokenizer: TextEncoder?

  /// The token id of every word of a response, larger than any vocabulary.
  static let word = Int32.max - 1
  /// One more than the largest accepted token id.
  static let vocabularySize = Int(Int32.max)

  /// Only the identity of prompts matters, to find rollouts of the same prompt.
  func encode(prompt: Prompt) throws -> [Int32] {
    func bytes(_ text: String) -> [Int32] { text.utf8.map { Int32($0) + 1 << 30 } }
    switch prompt {
    case .text(let text), .decoded(let text):
      if let tokenizer, let tokens = try? tokenizer.encode(prompt: prompt) { return tokens }
      return bytes(text)
    case .messages(let conversation):
      return bytes(conversation.messages.map { JSON.object($0).text() }.joined(separator: "\n"))
    }
  }

  func encode(response: String) throws -> [Int32] {
    if let tokenizer { return try tokenizer.encode(response: response) }
    // White space alone counts as one word, so that no length is 0.
    return [Int32](repeating: Self.word, count: max(1, Self.wordCount(Array(response.utf8))))
  }

  /// The number of words, separated by ASCII white space.
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
