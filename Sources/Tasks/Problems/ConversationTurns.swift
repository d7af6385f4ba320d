// Conversations as the tokens of their turns.

/// The tokens that a chat template puts around turns behind the first answer.
///
///     … answer  answerEnd  userOpening  words  userEnd  answerOpening  answer …
///
/// Where a turn ends must be seen in its tokens, whoever wrote them, so both ends are special tokens.
public struct TurnMarks: Sendable, Hashable {
  /// Ends an answer of the assistant.
  public var answerEnd: Int32
  /// What stands between an answer's end and the user's words.
  public var userOpening: [Int32]
  /// Ends the user's words.
  public var userEnd: Int32
  /// What stands between their end and the next answer.
  public var answerOpening: [Int32]

  public init(
    answerEnd: Int32, userOpening: [Int32], userEnd: Int32, answerOpening: [Int32]
  ) {
    self.answerEnd = answerEnd
    self.userOpening = userOpening
    self.userEnd = userEnd
    self.answerOpening = answerOpening
  }
}

/// A conversation in the tokens of a model.
///
/// Every part is encoded by itself, as a model that plays one side writes it.
public struct ConversationTurns: Sendable, Hashable {
  /// Everything before the first answer, its opening included.
  public var prompt: [Int32]
  /// Answers, each with the user's words behind it, without marks; only the last one may have none.
  public var exchanges: [Exchange]

  /// An answer and what the user says to it.
  public struct Exchange: Sendable, Hashable {
    public var answer: [Int32]
    public var words: [Int32]?

    public init(answer: [Int32], words: [Int32]?) {
      self.answer = answer
      self.words = words
    }
  }

  public init(prompt: [Int32], exchanges: [Exchange]) {
    self.prompt = prompt
    self.exchanges = exchanges
  }

  /// The tokens up to an answer, counted from 0.
  public func beginning(before answer: Int, _ marks: TurnMarks) -> [Int32] {
    exchanges.prefix(answer).reduce(into: prompt) { tokens, exchange in
      tokens += exchange.answer + [marks.answerEnd] + marks.userOpening
      tokens += (exchange.words ?? []) + [marks.userEnd] + marks.answerOpening
    }
  }

  /// The whole conversation; the others' tokens are the user's words behind the first answer, with their ends.
  public func logged(_ marks: TurnMarks) -> LoggedConversation {
    var tokens = prompt
    var isOthers = prompt.map { _ in false }
    func append(_ part: [Int32], _ isUser: Bool) {
      tokens += part
      isOthers += part.map { _ in isUser }
    }
    for (place, exchange) in exchanges.enumerated() {
      if place > 0 { append(marks.answerOpening, false) }
      append(exchange.answer + [marks.answerEnd], false)
      if let words = exchange.words {
        append(marks.userOpening, false)
        append(words + [marks.userEnd], true)
      }
    }
    return LoggedConversation(tokens: tokens, isOthers: isOthers)
  }
}
