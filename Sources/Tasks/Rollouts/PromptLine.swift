// The prompt of a line of a rollout file, in tokens.
import StrictJSON

/// The tokens of a prompt, from its ids or from its text.
struct PromptLine {
  /// The text, where the line has one.
  let text: String?
  let tokens: [Int32]
  /// The number of pads before the prompt; they are not part of `tokens`.
  let padCount: Int

  init(_ fields: LineFields, options: RolloutReader.Options) throws(LineFault) {
    let prompt = try fields.prompt("prompt", "messages", "input")
    text =
      switch prompt {
      case .text(let text), .decoded(let text): text
      case .messages, nil: nil
      }
    var tokens: [Int32]
    if let ids = try fields.tokens("prompt_ids", vocabularySize: options.vocabularySize) {
      tokens = ids
    } else if !options.encodesPrompts, let prompt, !prompt.isEmpty {
      tokens = prompt.identity
    } else {
      tokens = try Self.encode(
        "prompt", isEmpty: prompt?.isEmpty, "prompt, messages or prompt_ids", options
      ) { encoder in try prompt.map(encoder.encode(prompt:)) ?? [] }
    }
    padCount = try Self.padCount(tokens, options)
    tokens.removeFirst(padCount)
    self.tokens = tokens
  }

  /// The number of pads before a prompt, which filled up its batch and were masked.
  ///
  /// - Throws: where a pad may also be the token that starts a prompt, and there are several.
  private static func padCount(
    _ tokens: [Int32], _ options: RolloutReader.Options
  ) throws(LineFault) -> Int {
    guard let pad = options.padToken else { return 0 }
    let count = tokens.prefix { $0 == pad }.count
    guard options.startTokens.contains(pad) else {
      // A prompt of nothing but such a token is one.
      return count < tokens.count ? count : 0
    }
    guard count > 1 else { return 0 }
    throw LineFault(
      "the prompt begins with \(count) times token \(pad), which pads batches and also starts prompts "
        + "(expected prompt_ids without pads)")
  }

  /// The tokens of a text.
  static func encode(
    _ what: String, isEmpty: Bool?, _ keys: String, _ options: RolloutReader.Options,
    _ encode: (any RolloutEncoder) throws -> [Int32]
  ) throws(LineFault) -> [Int32] {
    guard let isEmpty else { throw LineFault("no \(what) (expected \(keys))") }
    guard !isEmpty else { throw LineFault("an empty \(what) (expected text)") }
    guard let encoder = options.encoder else {
      throw LineFault("the \(what) is text and needs a tokenizer (expected \(what)_ids)")
    }
    let tokens: [Int32]
    do {
      tokens = try encode(encoder)
    } catch {
      throw LineFault("the \(what) cannot be encoded: \(error)")
    }
    guard !tokens.isEmpty else {
      throw LineFault("the \(what) has no tokens (expected at least one)")
    }
    for token in tokens where token < 0 || Int(token) >= options.vocabularySize {
      throw LineFault(
        "the tokenizer makes token \(token) of the \(what) "
          + "(expected the model's 0 to \(options.vocabularySize - 1))")
    }
    return tokens
  }
}

extension Prompt {
  /// Numbers above every vocabulary that are the same for equal prompts only.
  fileprivate var identity: [Int32] {
    let text =
      switch self {
      case .text(let text), .decoded(let text): text
      case .messages(let conversation):
        JSON.array(
          conversation.messages.map(JSON.object) + [conversation.tools ?? .null]
            + [.object(conversation.arguments)]
        ).text()
      }
    return text.utf8.map { Int32($0) + 1 << 30 }
  }

  /// Whether there is nothing to encode.
  var isEmpty: Bool {
    switch self {
    case .text(let text), .decoded(let text): text.isEmpty
    case .messages(let conversation): conversation.messages.isEmpty
    }
  }
}
