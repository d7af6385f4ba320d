// The template `dialogue`: turns that end tokens divide, as DialogRPT reads them.
import Foundation
import StrictJSON
import Tasks

/// Encodes every turn of a prompt without the space around it and with the end token behind it, and a
/// response without the space around it.
struct DialogueEncoder: RolloutEncoder {
  let checkpoint: Checkpoint

  func encode(prompt: Prompt) throws -> [Int32] {
    let turns: [String]
    switch prompt {
    case .text(let text), .decoded(let text): turns = [text]
    case .messages(let conversation):
      turns = try conversation.messages.map { message in
        guard let text = message["content"]?.stringValue else {
          throw CommandFailure.usage("a turn whose content is no text (expected text)")
        }
        return text
      }
    }
    guard let end = checkpoint.configuration.eosTokens.first else {
      throw CommandFailure.usage(
        "\(checkpoint.directory)/config.json: no eos_token_id, which the template dialogue puts "
          + "between turns (expected one)")
    }
    return try turns.flatMap { try encode(response: $0) + [Int32(end)] }
  }

  func encode(response: String) throws -> [Int32] {
    try checkpoint.tokenizer.get().encode(
      response.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
