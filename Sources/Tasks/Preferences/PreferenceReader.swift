// Reads pairs of responses from a JSONL file.
import StrictJSON

/// A file of comparisons: `{"id", "problem_id", "cluster", "prompt" | "messages" | "prompt_ids", "chosen" |
/// "chosen_ids", "rejected" | "rejected_ids", "margin", "tie"}`, one object per line.
///
/// Token ids take precedence over text. A prompt is text or messages, a response is text or one turn of
/// the assistant, as in rollout files. The default of `id` is the line number; that of `cluster` is
/// `problem_id`, and without that the prompt.
public enum PreferenceReader {
  /// All pairs of a file.
  ///
  /// Errors, with the line: a file without pairs, broken JSON or UTF-8, a missing or empty prompt or
  /// response, a token id outside the vocabulary, a sequence longer than the model's positions, a repeated
  /// id, a value of the wrong type, a margin below 0, two equal responses that are not a tie, and a tie with
  /// a margin.
  ///
  /// - Parameter contents: The file to read where it is not at `path`, which errors name.
  public static func read(
    path: String, contents: String? = nil, options: RolloutReader.Options
  ) throws(TaskFileError) -> [PreferencePair] {
    var lines = try LineReader(path: path, contents: contents)
    var pairs: [PreferencePair] = []
    var lineOfID: [[UInt8]: Int] = [:]
    var clusterOfPrompt: [[Int32]: String] = [:]
    while let range = try lines.next() {
      var pair: PreferencePair
      do {
        pair = try PreferencePair(lines.buffer[range], number: lines.line, options)
      } catch {
        throw TaskFileError(error.message, path: path, line: lines.line)
      }
      if let earlier = lineOfID.updateValue(lines.line, forKey: Array(pair.id.utf8)) {
        throw TaskFileError(
          "the id \(JSON.string(pair.id).summary) of line \(earlier) again (expected every id once)",
          path: path, line: lines.line)
      }
      if pair.cluster.isEmpty {
        let name = clusterOfPrompt[pair.promptTokens] ?? "prompt-\(lines.line)"
        clusterOfPrompt[pair.promptTokens] = name
        pair.cluster = name
      }
      pairs.append(pair)
    }
    if pairs.isEmpty {
      throw TaskFileError("no pairs (expected one JSON object a line)", path: path, line: 1)
    }
    return pairs
  }
}

extension PreferencePair {
  /// Reads a line. The cluster is empty where the line has none.
  fileprivate init(
    _ line: ArraySlice<UInt8>, number: Int, _ options: RolloutReader.Options
  ) throws(LineFault) {
    let fields = try LineFields(line: line)
    let prompt = try PromptLine(fields, options: options).tokens
    let chosen = try Self.response("chosen", fields, options)
    let rejected = try Self.response("rejected", fields, options)
    for (key, response) in [("chosen", chosen), ("rejected", rejected)] {
      let length = prompt.count + response.count
      if let limit = options.maximumLength, length > limit {
        throw LineFault(
          "\(prompt.count) prompt and \(response.count) \(key) tokens are \(length) "
            + "(expected at most \(limit), the model's positions)")
      }
    }
    let isTie = try fields.truth("tie") ?? false
    let margin = try fields.number("margin")
    if let margin, margin < 0 || isTie {
      throw LineFault(
        isTie
          ? "margin with a tie (expected only one: neither response is better)"
          : "margin is \(margin) (expected a number of at least 0)")
    }
    guard isTie || chosen != rejected else {
      throw LineFault("chosen and rejected are the same (expected two responses, or tie true)")
    }
    self.init(
      id: try fields.name("id") ?? String(number),
      cluster: try fields.name("cluster", "problem_id", "prompt_id") ?? "", promptTokens: prompt,
      chosenTokens: chosen, rejectedTokens: rejected, margin: margin, isTie: isTie)
  }

  private static func response(
    _ key: String, _ fields: LineFields, _ options: RolloutReader.Options
  ) throws(LineFault) -> [Int32] {
    if let ids = try fields.tokens("\(key)_ids", vocabularySize: options.vocabularySize) {
      return ids
    }
    let text = try fields.response(key)
    return try PromptLine.encode(key, isEmpty: text?.isEmpty, "\(key) or \(key)_ids", options) {
      encoder in try text.map(encoder.encode(response:)) ?? []
    }
  }
}
