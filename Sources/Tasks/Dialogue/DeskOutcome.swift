// What a policy comes to.

/// Expected numbers per dialogue. They are exact where `DeskEvaluation` computes them, and counts
/// where they are taken from one transcript.
public struct DeskOutcome: Sendable, Hashable {
  /// The total of `DeskScore.reward`.
  public var reward = 0.0
  /// The total of `DeskScore.rating`.
  public var rating = 0.0
  /// Questions.
  public var questions = 0.0
  /// Accepted offers with `great`, of items in stock or not.
  public var great = 0.0
  /// Accepted offers of items that are not in stock.
  public var hallucinations = 0.0
  /// Offers of items that are not in stock, accepted or not.
  public var offersNotInStock = 0.0
  /// Free offers, accepted or not.
  public var free = 0.0
  /// `sorry`.
  public var sorry = 0.0
  /// Turns of the assistant.
  public var turns = 0.0

  /// Nothing.
  public init() {}

  /// The counts of a dialogue.
  public init(_ transcript: DeskTranscript) {
    for turn in transcript.turns {
      self.add(DeskOutcome(turn.action, turn.reply, stock: transcript.stock))
    }
  }

  /// The counts of one turn.
  init(_ action: DeskAction, _ reply: DeskReply, stock: DeskStock) {
    let isElsewhere = action.item.map { !stock.contains($0) } ?? false
    reward = DeskScore.reward.score(action, reply, stock: stock)
    rating = DeskScore.rating.score(action, reply, stock: stock)
    questions = action.isQuestion ? 1 : 0
    great = reply == .great ? 1 : 0
    hallucinations = isElsewhere && reply.accepts ? 1 : 0
    offersNotInStock = isElsewhere ? 1 : 0
    free = action.isFree ? 1 : 0
    sorry = action == .sorry ? 1 : 0
    turns = 1
  }

  /// Adds another outcome, times a weight.
  public mutating func add(_ other: DeskOutcome, weight: Double = 1) {
    reward += weight * other.reward
    rating += weight * other.rating
    questions += weight * other.questions
    great += weight * other.great
    hallucinations += weight * other.hallucinations
    offersNotInStock += weight * other.offersNotInStock
    free += weight * other.free
    sorry += weight * other.sorry
    turns += weight * other.turns
  }
}
