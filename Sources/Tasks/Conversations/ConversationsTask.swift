// The task `conversations`: answers to the users of a file, whom models play.
import KeyedRandom

/// A user's conversations, in the tokens of one chat model.
///
/// Problems are the beginnings up to the first answer; a response is the rest of a conversation. The task has neither an
/// environment nor a verifier: users are imagined, and reward models judge.
struct ConversationsTask: FileTask, ImaginableTask {
  let problems: FileProblems
  private let training: [ReadConversation]
  private let marks: TurnMarks
  let longestBeginning: Int
  /// The held-out conversations.
  let documents: [[Int32]]
  let maximumTurnLength: Int
  let maximumAnswerLength: Int

  /// As many documents as the embedded task has.
  private static let documentLimit = 512

  init(
    training: [ReadConversation], heldOut: [ReadConversation], _ problems: FileProblems,
    marks: TurnMarks, _ settings: ConversationsSettings
  ) {
    self.problems = problems
    self.training = training
    self.marks = marks
    longestBeginning =
      training.map { $0.turns.beginning(before: $0.turns.exchanges.count - 1, marks).count }
      .max() ?? 0
    documents = heldOut.prefix(Self.documentLimit).map { $0.turns.logged(marks).tokens }
    maximumTurnLength = settings.maximumTurnLength
    maximumAnswerLength = settings.maximumUserTurnLength
  }

  // MARK: - Logged conversations

  /// The file's conversations again and again: an index beyond them counts on from the first.
  private func conversation(_ index: Int) -> ReadConversation { training[index % training.count] }

  func loggedConversation(_ index: Int) -> LoggedConversation {
    conversation(index).turns.logged(marks)
  }

  func loggedBeginning(_ index: Int, key: RandomKey) -> TaskProblem {
    let conversation = conversation(index)
    var generator = key.generator()
    let answer = generator.uniform(below: conversation.turns.exchanges.count)
    var problem = conversation.opening
    guard answer > 0 else { return problem }
    problem.id += "#\(answer)"
    problem.promptTokens = conversation.turns.beginning(before: answer, marks)
    problem.prompt = nil
    return problem
  }

  // MARK: - The user as a model plays it

  var turnEnds: [Int32] { [marks.answerEnd] }
  var answerEnds: [Int32] { [marks.userEnd] }

  func answerOpening(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> AnswerOpening {
    turn.last == marks.answerEnd ? .tokens(marks.userOpening) : .cutOff
  }

  /// Nil for words that ran out of room.
  func turn(
    answering answer: [Int32], to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> EnvironmentTurn? {
    guard turn.last == marks.answerEnd, answer.last == marks.userEnd else { return nil }
    return EnvironmentTurn(
      tokens: marks.userOpening + answer + marks.answerOpening, isOver: false)
  }

  // MARK: - Rewards and statistics

  var hasVerifier: Bool { false }

  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) -> [Verification?] {
    responses.map { _ in nil }
  }

  var statistics: [TaskStatistic] {
    let opening = [marks.answerEnd] + marks.userOpening
    return [
      TaskStatistic(
        "turns", "turns of the assistant per conversation",
        .mean { response in
          let tokens = response.tokens
          guard tokens.count >= opening.count else { return 1 }
          return Double(
            1
              + (0...tokens.count - opening.count).count {
                tokens[$0..<$0 + opening.count].elementsEqual(opening)
              })
        })
    ]
  }
}
