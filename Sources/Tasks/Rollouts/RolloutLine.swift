// One line of a rollout file: its keys, their other spellings, and its checks.
import StrictJSON

/// The checked fields of a line, before defaults that depend on the rest of the file.
package struct RolloutLine {
  package let id: String?
  package let problemID: String?
  package let cluster: String?
  package let promptTokens: [Int32]
  package let responseTokens: [Int32]
  package let prompt: String?
  package let response: String?
  package let reward: Double?
  package let answer: String?

  /// Reads a line.
  ///
  /// Besides the native keys it knows `prompt_id` for `problem_id`, verl's dump (`input`, `output`,
  /// `score`, `gts`) and TRL's `prompt` and `completion`, each as text or as turns. If both are
  /// present, the native key takes precedence, and `prompt` over `messages`. Token ids take
  /// precedence over text, which is then stored without being encoded.
  package init(
    _ bytes: ArraySlice<UInt8>, options: RolloutReader.Options
  ) throws(LineFault) {
    let fields = try LineFields(line: bytes)
    id = try fields.name("id")
    problemID = try fields.name("problem_id", "prompt_id")
    cluster = try fields.name("cluster")
    reward = try fields.number("reward", "score")
    answer = try Self.answer(fields)

    let prompt = try fields.prompt("prompt", "messages", "input")
    let response = try Self.response(fields)
    if case .text(let text) = prompt { self.prompt = text } else { self.prompt = nil }
    self.response = response

    promptTokens =
      if let tokens = try fields.tokens("prompt_ids", vocabularySize: options.vocabularySize) {
        tokens
      } else {
        try Self.encode(
          "prompt", isEmpty: prompt?.isEmpty, "prompt, messages or prompt_ids", options
        ) { encoder in try prompt.map(encoder.encode(prompt:)) ?? [] }
      }
    responseTokens =
      if let tokens = try fields.tokens("response_ids", vocabularySize: options.vocabularySize) {
        tokens
      } else {
        try Self.encode(
          "response", isEmpty: response?.isEmpty, "response or response_ids", options
        ) { encoder in try response.map(encoder.encode(response:)) ?? [] }
      }

    let length = promptTokens.count + responseTokens.count
    if let limit = options.maximumLength, length > limit {
      throw LineFault(
        "\(promptTokens.count) prompt and \(responseTokens.count) response tokens are \(length) "
          + "(expected at most \(limit), the model's positions)")
    }
  }

  /// `response`, verl's `output`, or TRL's `completion`: text, or one turn of the assistant.
  private static func response(_ fields: LineFields) throws(LineFault) -> String? {
    guard let (key, value) = fields.first(of: ["response", "output", "completion"]) else {
      return nil
    }
    guard let elements = value.arrayValue else { return try LineFields.string(value, key) }
    let messages = try LineFields.messages(elements, key)
    guard messages.count == 1, let message = messages.first, message.role == "assistant" else {
      throw LineFault("\(key) has \(messages.count) turns (expected one turn of the assistant)")
    }
    return message.content
  }

  /// `answer`, or verl's `gts` if it is a string or an integer. Lists and objects in `gts` are
  /// ambiguous and ignored.
  private static func answer(_ fields: LineFields) throws(LineFault) -> String? {
    if let answer = try fields.answer() { return answer }
    let gts = fields["gts"]
    return gts?.stringValue ?? gts?.intValue.map(String.init)
  }

  private static func encode(
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
  /// Whether there is nothing to encode.
  var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .messages(let messages): messages.isEmpty
    }
  }
}
