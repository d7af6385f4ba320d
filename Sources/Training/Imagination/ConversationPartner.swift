// Who answers the turns of a policy in conversations.
import KeyedRandom
import Tasks

/// A turn of the policy that waits for an answer.
struct PolicyTurn {
  let problem: TaskProblem
  /// The response before the turn.
  let history: [Int32]
  let tokens: [Int32]
  /// Answers that the conversation has had.
  let answerCount: Int
  /// Tokens that the response may have behind the turn.
  let room: Int
  /// The conversation's key.
  let key: RandomKey
}

/// What comes after a turn of the policy.
struct PartnerAnswer {
  /// Tokens behind the turn; none where the conversation is cut off.
  var turn: EnvironmentTurn
  /// Whether the conversation stops here although it is not over.
  var isCutOff = false
  /// Nats by which models disagree on the answer.
  var disagreement = 0.0
  /// Whether the environment cannot give this answer. The conversation stops behind it.
  var isStray = false

  /// The conversation is over without an answer.
  static let over = PartnerAnswer(turn: EnvironmentTurn(tokens: [], isOver: true))
  /// The conversation is cut off before an answer.
  static let cutOff = PartnerAnswer(
    turn: EnvironmentTurn(tokens: [], isOver: false), isCutOff: true)
}

/// Answers all conversations that go on together.
protocol ConversationPartner {
  /// Whether its conversations are imagined.
  var isImagined: Bool { get }

  /// An answer to each turn, in order. It depends on the turn and, through the last bits of matrix products, on those
  /// beside it.
  func answers(
    to turns: [PolicyTurn], in task: any ConversationTask, threads: Int
  ) throws -> [PartnerAnswer]
}

/// The task's environment.
struct RealPartner: ConversationPartner {
  var isImagined: Bool { false }

  func answers(
    to turns: [PolicyTurn], in task: any ConversationTask, threads: Int
  ) -> [PartnerAnswer] {
    turns.map { Self.answer(to: $0, in: task) }
  }

  static func answer(to turn: PolicyTurn, in task: any ConversationTask) -> PartnerAnswer {
    guard let task = task as? any InteractiveTask else {
      preconditionFailure("the configuration has no obstacle")
    }
    let answer = task.answer(
      to: turn.tokens, after: turn.history, in: turn.problem, key: turn.key.derive("environment"))
    return answer.tokens.count <= turn.room ? PartnerAnswer(turn: answer) : .cutOff
  }
}
