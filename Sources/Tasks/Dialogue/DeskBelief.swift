// The exact Bayes filter over the user's hidden state.
import Foundation
import KeyedRandom

/// P(goal, mood | history), and what it predicts. It sees what the assistant sees: the stock, the
/// opening and the turns.
public struct DeskBelief: Sendable {
  public let model: DeskModel
  /// P(state | history), by `DeskHiddenState.index`; sums to 1.
  public private(set) var probabilities: [Double]
  private(set) var evidence: DeskEvidence

  init(after opening: DeskOpening, model: DeskModel) {
    self.model = model
    evidence = DeskEvidence(opening)
    probabilities = zip(model.prior, model.likelihood(of: opening)).map { $0 * $1 }
    normalize()
  }

  /// The number of turns of the assistant so far.
  public var turns: Int { evidence.turns }

  /// Whether the assistant's next turn is the last one that the user waits for.
  public var isLastTurn: Bool { turns + 1 == model.user.patience }

  /// P(goal = item | history).
  public func probability(ofGoal item: DeskItem) -> Double {
    DeskMood.allCases.reduce(0) {
      $0 + probabilities[DeskHiddenState(goal: item, mood: $1).index]
    }
  }

  /// P(mood | history).
  public func probability(of mood: DeskMood) -> Double {
    DeskItem.all.reduce(0) { $0 + probabilities[DeskHiddenState(goal: $1, mood: mood).index] }
  }

  // MARK: - Prediction

  /// The distribution of the reply to an action, over the legal ones.
  public func replies(to action: DeskAction) -> [(reply: DeskReply, probability: Double)] {
    model.columns(action, isLast: isLastTurn).map {
      ($0.reply, dot(probabilities, $0.likelihood))
    }
  }

  /// The probability of a reply to an action; 0 for one that is not legal.
  public func probability(of reply: DeskReply, to action: DeskAction) -> Double {
    replies(to: action).first { $0.reply == reply }?.probability ?? 0
  }

  /// A reply drawn from that distribution: what the exact model imagines. Equal keys draw equal
  /// replies.
  public func sampleReply(to action: DeskAction, key: RandomKey) -> DeskReply {
    let replies = replies(to: action)
    return replies[drawn(replies.map(\.probability), at: key.uniform())].reply
  }

  /// The entropy in nats of the reply to an action.
  public func replyEntropy(to action: DeskAction) -> Double {
    entropy(replies(to: action).map(\.probability))
  }

  // MARK: - Update

  /// The belief after a reply that does not end the dialogue.
  ///
  /// - Returns: nil for a reply of probability 0, and for one that ends the dialogue.
  public func observing(_ reply: DeskReply, to action: DeskAction) -> DeskBelief? {
    guard reply.goesOn, !isLastTurn,
      let column = model.columns(action, isLast: false).first(where: { $0.reply == reply })
    else { return nil }
    var next = self
    for index in probabilities.indices { next.probabilities[index] *= column.likelihood[index] }
    guard next.normalize() else { return nil }
    next.evidence.add(action, reply, isExact: model.user.noise == 0)
    return next
  }

  /// Divides by the sum; false if it is 0.
  @discardableResult private mutating func normalize() -> Bool {
    let sum = probabilities.reduce(0, +)
    guard sum > 0 else { return false }
    for index in probabilities.indices { probabilities[index] /= sum }
    return true
  }
}

/// −Σ p log p in nats.
func entropy(_ probabilities: [Double]) -> Double {
  probabilities.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
}
