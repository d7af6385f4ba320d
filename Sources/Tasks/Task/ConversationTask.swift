// Tasks whose responses are conversations: someone answers the policy, an environment or a model.
import KeyedRandom

/// What stands behind a turn of the policy in a response: tokens that others wrote.
public struct EnvironmentTurn: Sendable, Hashable {
  /// The answer, up to where the policy's next turn begins; the end of the conversation if it is over.
  public var tokens: [Int32]
  /// Whether the conversation is over.
  public var isOver: Bool

  public init(tokens: [Int32], isOver: Bool) {
    self.tokens = tokens
    self.isOver = isOver
  }
}

/// A whole conversation that others have had.
public struct LoggedConversation: Sendable, Hashable {
  /// From the start of the document to its end.
  public var tokens: [Int32]
  /// Which tokens the environment chose; those that are always there belong to nobody.
  public var isOthers: [Bool]

  public init(tokens: [Int32], isOthers: [Bool]) {
    precondition(tokens.count == isOthers.count, "one flag a token")
    self.tokens = tokens
    self.isOthers = isOthers
  }
}

/// A task whose responses hold the turns of the policy and the answers to them.
///
/// The policy's own tokens are sampled and scored, the others are part of what it sees
/// (`RewardedRollout.isOwn`).
public protocol ConversationTask: PolicyTask {
  /// The most tokens of a turn of the policy, its end included.
  var maximumTurnLength: Int { get }

  /// The tokens that end a turn of the policy.
  var turnEnds: [Int32] { get }

  /// The logged conversation at an index, the same for every run.
  func loggedConversation(_ index: Int) -> LoggedConversation
}

/// A conversation task with an environment of its own that answers the policy.
public protocol InteractiveTask: ConversationTask {
  /// What the environment does after a turn of the policy.
  ///
  /// - Parameters:
  ///   - turn: The policy's tokens, any ids; without an end token if it reached the most tokens of a turn.
  ///   - history: The response before the turn.
  ///   - key: The conversation's: the same for all of its turns.
  func answer(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem, key: RandomKey
  ) -> EnvironmentTurn
}

/// What follows a turn of the policy before an answer to it.
public enum AnswerOpening: Sendable, Hashable {
  /// Tokens that always stand there; the answer comes next.
  case tokens([Int32])
  /// The turn ends the conversation.
  case end
  /// The turn ran out of room, so that nobody can answer it.
  case cutOff
}

/// A conversation task in which a model can answer the policy: answers are words of the conversation's own
/// language, and rewards are those of the text, whoever wrote it.
public protocol ImaginableTask: ConversationTask {
  /// The most tokens of an answer behind its opening, its end included.
  var maximumAnswerLength: Int { get }

  /// The most tokens that an answer adds to the response, with what always stands around it.
  var maximumReplyLength: Int { get }

  /// The tokens that end an answer.
  var answerEnds: [Int32] { get }

  /// What follows a turn of the policy before somebody answers it.
  func answerOpening(
    to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> AnswerOpening

  /// An answer that somebody else gave as the environment's turn; nil for an answer that the environment cannot give.
  ///
  /// - Parameter answer: The tokens behind the opening, any ids.
  func turn(
    answering answer: [Int32], to turn: [Int32], after history: [Int32], in problem: TaskProblem
  ) -> EnvironmentTurn?

  /// The logged conversation at an index up to one of the policy's turns, as a problem whose environment is the one of
  /// that conversation.
  ///
  /// - Parameter key: Draws the turn.
  func loggedBeginning(_ index: Int, key: RandomKey) -> TaskProblem

  /// Tokens of the longest of these beginnings.
  var longestBeginning: Int { get }
}
