// Finds the answer in a response, in time linear in its length.

/// Where an answer is.
enum AnswerPlace {
  case range(Range<Int>)
  /// The answers of several boxes as a list.
  case text(String)
  /// There is a mark without a valid answer; says what is wrong.
  case broken(String)
}

/// Looks for the last mark of each rule, in the rules' order.
enum AnswerExtractor {
  enum Finding {
    case answer(String, AnswerRule)
    /// There is a mark without a valid answer; says what is wrong.
    case broken(String, AnswerRule)
    /// More bytes than an answer may have.
    case tooLong(AnswerRule)
    case none
  }

  /// The longest accepted answer in bytes, which bounds the cost.
  static let maximumLength = 4096

  /// The answer of a response: behind its thoughts, before the special tokens at its end.
  static func find(in response: String, rules: [AnswerRule]) -> Finding {
    let bytes = response.utf8.span
    let end = SpecialToken.contentEnd(bytes)
    let start = AnswerTags.thoughtsEnd(bytes, before: end)
    return search(bytes.extracting(start..<end), rules)
  }

  /// The last answer of a part of a response, within thoughts if there is none behind them.
  static func findAnywhere(in part: String, rules: [AnswerRule]) -> Finding {
    let found = find(in: part, rules: rules)
    guard case .none = found else { return found }
    let bytes = part.utf8.span
    return search(bytes.extracting(0..<SpecialToken.contentEnd(bytes)), rules)
  }

  private static func search(_ bytes: Span<UInt8>, _ rules: [AnswerRule]) -> Finding {
    for rule in rules {
      let place =
        switch rule {
        case .tags: AnswerTags.last(bytes)
        case .boxed: AnswerBoxes.last(bytes)
        case .hashes: AnswerPhrases.lastHashes(bytes)
        case .phrase: AnswerPhrases.last(bytes)
        }
      switch place {
      case .range(let range):
        let range = ResponseText.trimmed(range, in: bytes, punctuation: rule == .phrase)
        if rule == .tags {
          // What is in the tags may have marks of its own.
          let inner = search(bytes.extracting(range), rules.filter { $0 != .tags })
          if case .none = inner {} else { return inner }
        }
        if range.isEmpty { return .broken("nothing behind the last \(rule.mark)", rule) }
        if range.count > maximumLength { return .tooLong(rule) }
        return .answer(ResponseText.text(range, of: bytes), rule)
      case .text(let text):
        return text.utf8.count > maximumLength ? .tooLong(rule) : .answer(text, rule)
      case .broken(let message): return .broken(message, rule)
      case nil: continue
      }
    }
    return .none
  }
}

extension AnswerRule {
  /// The name of the rule's mark in messages.
  var mark: String {
    switch self {
    case .tags: "<answer>"
    case .boxed: "\\boxed"
    case .hashes: "####"
    case .phrase: "\"answer is\""
    }
  }
}
