// The task `conversations`: answers to the users of a file, whom models play.
import KeyedRandom

/// A user's conversations, in the tokens of one chat model.
///
/// Problems are the beginnings up to the first answer; a response is the rest of a conversation. The task has neither an
/// environment nor a verifier: users are imagined, and reward models judge.
struct ConversationsTask: FileTask, ImaginableTask {
  let problems: FileProblems
  private let training: [ReadConversation]
  /// Those in which the user answers.
  private let answered: [ReadConversation]
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
    answered = training.filter { $0.turns.exchanges[0].words != nil }
    self.marks = marks
    longestBeginning =
      training.map { $0.turns.beginning(before: $0.turns.exchanges.count - 1, marks).count }
      .max() ?? 0
    documents = heldOut.prefix(Self.documentLimit).map { $0.turns.logged(marks).tokens }
    maximumTurnLength = settings.maximumTurnLength
    maximumAnswerLength = settings.maximumUserTurnLength
  }

  // MARK: - Logged conversations

  /// The file's conversations in which the user says something behind the first answer, again and again: an index
  /// beyond them counts on from the first. Without any, a conversation with nothing of the user's.
  func loggedConversation(_ index: Int) -> LoggedConversation {
    let own = answered.isEmpty ? training : answered
    return own[index % own.count].turns.logged(marks)
  }

  func loggedBeginning(_ index: Int, key: RandomKey) -> TaskProblem {
    let conversation = training[index % training.count]
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
  var maximumReplyLength: Int {
    marks.userOpening.count + maximumAnswerLength + marks.answerOpening.count
  }

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
    let marks = marks
    return [
      TaskStatistic(
        "turns", "turns of the assistant per conversation",
        .mean { Double(Self.turnCount($0.tokens, marks)) })
    ]
  }

  /// Turns of the assistant that have a token, in a response that begins with one.
  private static func turnCount(_ tokens: [Int32], _ marks: TurnMarks) -> Int {
    var (place, count) = (0, 0)
    while place < tokens.count {
      count += 1
      for (end, opening) in [
        (marks.answerEnd, marks.userOpening), (marks.userEnd, marks.answerOpening),
      ] {
        guard let found = tokens[place...].firstIndex(of: end) else { return count }
        place = min(tokens.count, found + 1 + opening.count)
      }
    }
    return count
  }
}
