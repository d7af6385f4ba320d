// One line of a rollout file: its keys, their other spellings, and its checks.
import StrictJSON

/// The checked fields of a line, before defaults that depend on the rest of the file.
package struct RolloutLine {
  /// Every member of the line.
  package let object: JSONObject
  package let id: String?
  package let problemID: String?
  package let cluster: String?
  package let promptTokens: [Int32]
  package let responseTokens: [Int32]
  package let prompt: String?
  package let response: String?
  package let reward: Double?
  package let answer: String?
  package let otherNumbers: [String]
  /// The number of pads behind the response's end token; they are not part of `responseTokens`.
  package let padCount: Int
  /// The number of pads before the prompt; they are not part of `promptTokens`.
  package let promptPadCount: Int

  /// Reads a line.
  ///
  /// Besides the native keys it knows `prompt_id` for `problem_id`, verl's dump (`input`, `output`,
  /// `score`, `gts`) and TRL's `prompt` and `completion`, each as text or as turns. If both are
  /// present, the native key takes precedence, and `prompt` over `messages`. Token ids take
  /// precedence over text, which is then stored without being encoded. `tools`, `documents`,
  /// `enable_thinking` and `chat_template_kwargs` are passed to the template with the turns.
  package init(
    _ bytes: ArraySlice<UInt8>, options: RolloutReader.Options
  ) throws(LineFault) {
    let fields = try LineFields(line: bytes)
    object = fields.object
    id = try fields.name("id")
    problemID = try fields.name("problem_id", "prompt_id")
    cluster = try fields.name("cluster")
    reward = try Self.reward(fields, options.rewardKey)
    answer = try Self.answer(fields, isNeeded: reward == nil)
    otherNumbers =
      reward == nil
      ? fields.numbers(except: ["id", "problem_id", "prompt_id", "cluster", "answer", "gts"]) : []

    let prompt = try PromptLine(fields, options: options)
    // The native key, verl's and TRL's.
    let responseText = try fields.response("response", "output", "completion")
    (self.prompt, promptTokens, promptPadCount) = (prompt.text, prompt.tokens, prompt.padCount)
    self.response = responseText

    let response =
      if let tokens = try fields.tokens("response_ids", vocabularySize: options.vocabularySize) {
        tokens
      } else {
        try PromptLine.encode(
          "response", isEmpty: responseText?.isEmpty, "response or response_ids", options
        ) { encoder in try responseText.map(encoder.encode(response:)) ?? [] }
      }

    responseTokens = Self.withoutPads(response, options)
    padCount = response.count - responseTokens.count

    let length = promptTokens.count + responseTokens.count
    if let limit = options.maximumLength, length > limit {
      throw LineFault(
        "\(promptTokens.count) prompt and \(responseTokens.count) response tokens are \(length) "
          + "(expected at most \(limit), the model's positions)")
    }
  }

  /// A response up to its first end token, if nothing but pads or the same end token follows.
  private static func withoutPads(_ tokens: [Int32], _ options: RolloutReader.Options) -> [Int32] {
    guard let end = tokens.firstIndex(where: options.endTokens.contains),
      tokens[(end + 1)...].allSatisfy({ $0 == options.padToken || $0 == tokens[end] })
    else { return tokens }
    return Array(tokens[...end])
  }

  /// `reward`, or verl's `score`, or the key that the user named.
  private static func reward(_ fields: LineFields, _ key: String?) throws(LineFault) -> Double? {
    guard let key else { return try fields.number("reward", "score") }
    guard let reward = try fields.number(key) else {
      throw LineFault("no \(key) (expected the reward: a number)")
    }
    return reward
  }

  /// `answer`, or verl's `gts`: one answer, alone or in a list. Several in `gts`, or an object that a
  /// reward function reads, are no answer; without a reward that is an error.
  private static func answer(
    _ fields: LineFields, isNeeded: Bool
  ) throws(LineFault) -> String? {
    if let answer = try fields.answer("answer", isNeeded: isNeeded) { return answer }
    guard let gts = fields["gts"], !LineFields.isBlank(gts) else { return nil }
    if let only = fields.only(gts, "gts") { return only }
    guard isNeeded else { return nil }
    throw LineFault("gts is \(gts.summary) (expected one answer: a string or a number)")
  }
}
