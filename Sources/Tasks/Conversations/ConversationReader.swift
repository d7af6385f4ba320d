// Reads conversations from a JSONL file.
import StrictJSON

/// A conversation of a file, in a model's tokens.
struct ReadConversation: Sendable {
  /// Its beginning up to the first answer.
  let opening: TaskProblem
  let turns: ConversationTurns
}

/// A file of conversations: `{"messages": [{"role", "content"}, …], "id", "cluster"}`, one object per line.
///
/// Errors have the line: everything that `ProblemReader` refuses; a line without messages or without an answer; turns
/// behind the first answer that are not the user's and the assistant's in turn; a turn that holds a mark; a conversation
/// that is longer than the model's positions, or whose beginning leaves a response no room.
struct ConversationReader {
  let player: any TaskPlayer
  let marks: TurnMarks
  let maximumNewTokens: Int

  /// All conversations of a file; a missing `id` is the line number.
  func read(_ path: String) throws -> [ReadConversation] {
    // Every line up to the last conversation has one, so its index gives its line.
    try ProblemReader.read(path: path, noun: "conversations").enumerated().map { index, line in
      do {
        return try conversation(line)
      } catch let error as LineFault {
        throw TaskFileError(error.message, path: path, line: index + 1)
      }
    }
  }

  private func conversation(_ line: Problem) throws -> ReadConversation {
    guard case .messages(let conversation) = line.prompt else {
      throw LineFault("a prompt of text (expected messages)")
    }
    try Self.requireTurns(conversation)
    let turns: ConversationTurns
    do {
      turns = try player.turns(of: conversation)
    } catch {
      throw LineFault("the turns cannot be encoded: \(error)")
    }
    try requireTokens(turns)
    let opening = TaskProblem(
      id: line.id, cluster: line.cluster, promptTokens: turns.prompt,
      prompt: player.text(ofResponse: turns.prompt))
    try opening.requireRoom(for: maximumNewTokens, in: player)
    return ReadConversation(opening: opening, turns: turns)
  }

  private static func requireTurns(_ conversation: Conversation) throws(LineFault) {
    let roles = conversation.messages.map { $0["role"]?.stringValue ?? "" }
    guard let first = roles.firstIndex(of: "assistant"), first > 0 else {
      throw LineFault(
        (roles.first == "assistant"
          ? "messages begins with a turn of \"assistant\""
          : "messages has no turn of \"assistant\"")
          + " (expected the user's words and an answer to them)")
    }
    for place in roles.indices.dropFirst(first) {
      let wanted = (place - first).isMultiple(of: 2) ? "assistant" : "user"
      guard roles[place] == wanted else {
        throw LineFault(
          "messages[\(place)].role is \(JSON.string(roles[place]).summary) (expected \"\(wanted)\": behind the first "
            + "answer user and assistant take turns)")
      }
    }
  }

  private func requireTokens(_ turns: ConversationTurns) throws(LineFault) {
    let limit = player.vocabularySize
    let logged = turns.logged(marks).tokens
    guard logged.allSatisfy({ $0 >= 0 && Int($0) < limit }) else {
      throw LineFault("a turn has tokens that the model has not (expected ids below \(limit))")
    }
    guard
      turns.exchanges.allSatisfy({
        !$0.answer.contains(marks.answerEnd) && $0.words?.contains(marks.userEnd) != true
      })
    else {
      throw LineFault("a turn holds the token that ends turns (expected text without it)")
    }
    guard logged.count <= player.maximumPositions else {
      throw LineFault(
        "the conversation has \(logged.count) tokens (expected at most \(player.maximumPositions), the model's "
          + "positions)")
    }
  }
}
