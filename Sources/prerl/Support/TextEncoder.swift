// Text of prompts and responses to token ids.
import Tasks
import Tokenizers

/// Encodes with a checkpoint's tokenizer and chat template.
///
/// Text is passed to the tokenizer unchanged, without special tokens around it. `messages` are
/// rendered with the template, including the opening of the answer.
struct TextEncoder: RolloutEncoder {
  let checkpoint: Checkpoint

  func encode(prompt: Prompt) throws -> [Int32] {
    let tokens = try encode(response: text(of: prompt))
    // Prompts of the embedded task begin with <bos>, which users usually omit.
    if checkpoint.isCountdown, tokens.first != CountdownVocabulary.bos {
      return [CountdownVocabulary.bos] + tokens
    }
    return tokens
  }

  func encode(response: String) throws -> [Int32] {
    try checkpoint.tokenizer.get().encode(response)
  }

  /// The tokens of a prompt.
  func text(of prompt: Prompt) throws -> String {
    switch prompt {
    case .text(let text): return text
    case .messages(let messages): return try text(of: messages)
    }
  }

  private func text(of messages: [ChatMessage]) throws -> String {
    if checkpoint.isCountdown {
      throw CommandFailure.usage("messages need a chat template (expected a prompt of text or ids)")
    }
    let template: ChatTemplate
    do {
      template = try checkpoint.chatTemplate.get()
    } catch {
      throw CommandFailure.usage("messages need a chat template: \(error)")
    }
    return try template.prompt(
      messages.map { ($0.role, $0.content) }, thinking: checkpoint.opensThoughts)
  }
}

extension CommandFailure: CustomStringConvertible {
  /// The message of an error, to quote it in another.
  var description: String { message }
}
