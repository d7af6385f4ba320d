// Text of prompts and responses to token ids.
import StrictJSON
import Tasks
import Tokenizers

/// Encodes with a checkpoint's tokenizer and chat template.
///
/// Responses are passed to the tokenizer unchanged. Prompts are the tokens that the policy saw: text gets
/// the start token that the tokenizer puts before every text, messages are rendered with the template,
/// including the opening of the answer, and text that was decoded from tokens gets the marks of its template
/// back. What a template wrote gets no start token beside its own.
struct TextEncoder: RolloutEncoder {
  let checkpoint: Checkpoint

  func encode(prompt: Prompt) throws -> [Int32] {
    let tokenizer = try checkpoint.tokenizer.get()
    switch prompt {
    case .messages: return try tokenizer.encode(try text(of: prompt))
    case .decoded(let text):
      return try decodedPrompt()?.tokens(of: text) ?? encode(text, tokenizer)
    case .text(let text): return try encode(text, tokenizer)
    }
  }

  func encode(response: String) throws -> [Int32] {
    try checkpoint.tokenizer.get().encode(response)
  }

  private func encode(_ text: String, _ tokenizer: Tokenizer) throws -> [Int32] {
    guard checkpoint.isCountdown else {
      return try tokenizer.encode(prompt: text, try checkpoint.tokenizerConfiguration.get())
    }
    // Prompts of the embedded task begin with <bos>, which users usually omit.
    let tokens = try tokenizer.encode(text)
    return tokens.first == CountdownVocabulary.bos ? tokens : [CountdownVocabulary.bos] + tokens
  }

  /// The text of a prompt.
  func text(of prompt: Prompt) throws -> String {
    switch prompt {
    case .text(let text), .decoded(let text): text
    case .messages(let conversation):
      try template("messages").prompt(
        conversation.messages, tools: conversation.tools,
        arguments: try arguments(conversation.arguments), now: checkpoint.templateDate)
    }
  }

  /// Reads text that was decoded from tokens; nil where there is no template that may have written it.
  private func decodedPrompt() throws -> DecodedPrompt? {
    if checkpoint.isCountdown { return nil }
    if case .failure(let error) = checkpoint.chatTemplate, error.isAbsence { return nil }
    return DecodedPrompt(
      tokenizer: try checkpoint.tokenizer.get(), template: try template("input"),
      arguments: try arguments([:]), now: checkpoint.templateDate)
  }

  func template(_ key: String) throws -> ChatTemplate {
    if checkpoint.isCountdown {
      throw CommandFailure.usage("\(key) need a chat template (expected a prompt of text or ids)")
    }
    do {
      return try checkpoint.chatTemplate.get()
    } catch {
      throw CommandFailure.usage("\(key) need a chat template: \(error)")
    }
  }

  /// The variables of the template: a line's own, and `--no-thinking`.
  func arguments(_ own: JSONObject) throws -> JSONObject {
    guard !checkpoint.opensThoughts, own["enable_thinking"] == nil else { return own }
    guard try checkpoint.chatTemplate.get().hasThinkingSwitch else {
      throw CommandFailure.usage(
        "--no-thinking: the chat template cannot switch thinking off (expected one that reads "
          + "enable_thinking)")
    }
    var arguments = own
    arguments["enable_thinking"] = false
    return arguments
  }
}

extension CommandFailure: CustomStringConvertible {
  /// The message of an error, to quote it in another.
  var description: String { message }
}
