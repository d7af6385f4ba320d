import KeyedRandom
import Tasks

/// Countdown's problems as conversations: every turn gets the same two tokens back, until the response is long.
struct EchoTask: InteractiveTask, ImaginableTask {
  static let echo: [Int32] = [50, 51]
  /// Tokens from which on a conversation is over.
  static let end = 12

  private let countdown = CountdownTask(.three)
  let maximumTurnLength = 3
  /// Half of the vocabulary, so that a random policy ends most of its turns.
  let turnEnds = (0..<28).map { Int32($0) }
  let maximumReplyLength = 4
  var longestPrompt: Int { countdown.longestPrompt }
  var documentStart: [Int32] { countdown.documentStart }
  var ordinaryTokens: [Int32] { countdown.ordinaryTokens }

  func draw(key: RandomKey) -> TaskProblem { countdown.draw(key: key) }
  func heldOut(_ count: Int) -> [TaskProblem] { countdown.heldOut(count) }

  func answer(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem, key: RandomKey
  ) -> EnvironmentTurn {
    EnvironmentTurn(
      tokens: Self.echo, isOver: history.count + turn.count + Self.echo.count >= Self.end)
  }

  // An imagined answer is <50>, any token but every eighth, up to two tokens, and <51>.
  let maximumAnswerLength = 2
  var answerEnds: [Int32] { turnEnds }
  let longestBeginning = 20

  func answerOpening(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> AnswerOpening { .tokens([50]) }

  func turn(
    answering answer: [Int32], to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> EnvironmentTurn? {
    guard let first = answer.first, first % 8 != 0 else { return nil }
    let tokens = [50] + answer + [51]
    return EnvironmentTurn(
      tokens: tokens, isOver: history.count + turn.count + tokens.count >= Self.end)
  }

  func loggedBeginning(_ index: Int, key: RandomKey) -> TaskProblem {
    var problem = countdown.draw(key: RandomKey(seed: UInt64(index)))
    var generator = key.generator()
    problem.promptTokens = [1] + (0...generator.uniform(below: 3)).map { _ in 52 }
    return problem
  }

  func loggedConversation(_ index: Int) -> LoggedConversation {
    LoggedConversation(tokens: [1, 50, 51], isOthers: [false, true, true])
  }

  /// A response is right if its first token is even.
  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?] {
    responses.map {
      Verification($0.tokens[0] % 2 == 0 ? .correct : .wrong, reason: "first token")
    }
  }
}
