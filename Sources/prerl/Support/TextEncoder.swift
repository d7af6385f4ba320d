// Text of prompts and responses to token ids.
import Tasks
import Tokenizers

/// Encodes with a checkpoint's tokenizer.
struct TextEncoder: RolloutEncoder {
  let checkpoint: Checkpoint

  func encode(prompt: Prompt) throws -> [Int32] {
    switch prompt {
    case .text(let text):
      let tokens = try encode(response: text)
      // The embedded task's prompts open with <bos>; people write them without.
      if checkpoint.isCountdown, tokens.first != CountdownVocabulary.bos {
        return [CountdownVocabulary.bos] + tokens
      }
      return tokens
    case .messages:
      throw CommandFailure.usage("messages need a chat template (expected a prompt of text or ids)")
    }
  }

  func encode(response: String) throws -> [Int32] {
    try checkpoint.tokenizer.get().encode(response)
  }
}

extension CommandFailure: CustomStringConvertible {
  /// The message, for errors that are quoted in others.
  var description: String { message }
}
