// Conversations to the token ids of their turns.
import StrictJSON
import Tasks
import Tokenizers

extension TextEncoder {
  /// The tokens that the chat template puts between turns.
  ///
  /// - Throws: where an answer or the user's words do not end in a special token.
  func turnMarks() throws -> TurnMarks {
    let tokenizer = try checkpoint.tokenizer.get()
    let marks = try textMarks()
    func ended(_ text: String, _ what: String) throws -> (end: Int32, opening: [Int32]) {
      let tokens = try tokenizer.encode(text)
      guard let end = tokens.first, tokenizer.specialTokens.contains(end) else {
        throw CommandFailure.usage(
          "the chat template writes \(JSON.string(text).summary) behind \(what) (expected a special token first, "
            + "so that the end is seen)")
      }
      return (end, Array(tokens.dropFirst()))
    }
    let answer = try ended(marks.behindAnswer, "an answer")
    let words = try ended(marks.behindWords, "the user's words")
    return TurnMarks(
      answerEnd: answer.end, userOpening: answer.opening, userEnd: words.end,
      answerOpening: words.opening)
  }

  /// A conversation that these marks divide, each part encoded by itself.
  func turns(of conversation: Conversation) throws -> ConversationTurns {
    let tokenizer = try checkpoint.tokenizer.get()
    let turns = try template("messages").turns(
      conversation.messages, marks: textMarks(), tools: conversation.tools,
      arguments: arguments(conversation.arguments), now: checkpoint.templateDate)
    return ConversationTurns(
      prompt: try tokenizer.encode(turns.prompt),
      exchanges: try turns.exchanges.map { exchange in
        ConversationTurns.Exchange(
          answer: try tokenizer.encode(exchange.answer),
          words: try exchange.words.map { try tokenizer.encode($0) })
      })
  }

  private func textMarks() throws -> ChatTemplate.Marks {
    try template("messages").marks(arguments: arguments([:]), now: checkpoint.templateDate)
  }
}
