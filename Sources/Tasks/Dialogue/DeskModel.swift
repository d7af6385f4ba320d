// The user's process with one stock, as numbers.

/// P(goal, mood), P(opening | goal, mood) and P(reply | goal, mood, action) of one stock.
///
/// A class, since the thousands of beliefs of a plan share it. It never changes.
public final class DeskModel: Sendable {
  public let user: DeskUser
  public let stock: DeskStock

  /// A possible reply with its probability in each hidden state.
  struct Column: Sendable {
    let reply: DeskReply
    /// P(reply | state), by `DeskHiddenState.index`.
    let likelihood: [Double]
  }

  /// P(state), by `DeskHiddenState.index`.
  let prior: [Double]
  /// The columns of each action; the second half is for the assistant's last turn.
  private let table: [[Column]]

  /// The model of one stock.
  public init(stock: DeskStock, user: DeskUser = DeskUser()) {
    precondition(
      1...DeskUser.longestPatience ~= user.patience,
      "patience is in 1...\(DeskUser.longestPatience)")
    precondition(
      user.acceptance.count == DeskAttribute.allCases.count + 1, "α is of 0, 1 or 2 attributes")
    self.stock = stock
    self.user = user
    let states = DeskHiddenState.all
    prior = states.map { user.probability(of: $0, stock: stock) }
    table = [false, true].flatMap { isLast in
      DeskAction.all.map { action in
        let rows = states.map {
          user.replies(to: action, in: $0, stock: stock, isLast: isLast).map(\.probability)
        }
        return DeskReply.legal(to: action, isLast: isLast).enumerated().map { place, reply in
          Column(reply: reply, likelihood: rows.map { $0[place] })
        }
      }
    }
  }

  /// The replies to an action.
  func columns(_ action: DeskAction, isLast: Bool) -> [Column] {
    table[action.index + (isLast ? DeskAction.all.count : 0)]
  }

  /// The distribution of the opening, for each of `DeskOpening.all`.
  public var openings: [(opening: DeskOpening, probability: Double)] {
    DeskOpening.all.map { opening in
      (opening, dot(prior, likelihood(of: opening)))
    }
  }

  /// The entropy of the opening in nats.
  public var openingEntropy: Double { entropy(openings.map(\.probability)) }

  /// The belief after an opening.
  public func belief(after opening: DeskOpening) -> DeskBelief {
    DeskBelief(after: opening, model: self)
  }

  /// The belief after a dialogue that is not over.
  ///
  /// - Returns: nil if the model gives the transcript probability 0.
  public func belief(after transcript: DeskTranscript) -> DeskBelief? {
    precondition(transcript.stock == stock, "a model is about its own stock")
    precondition(!transcript.isOver, "the dialogue is over")
    var belief = belief(after: transcript.opening)
    for turn in transcript.turns {
      guard let next = belief.observing(turn.reply, to: turn.action) else { return nil }
      belief = next
    }
    return belief
  }

  /// P(opening | state), by `DeskHiddenState.index`.
  func likelihood(of opening: DeskOpening) -> [Double] {
    DeskHiddenState.all.map { user.probability(of: opening, in: $0) }
  }
}

/// Σ a_i b_i
func dot(_ left: [Double], _ right: [Double]) -> Double {
  var sum = 0.0
  for index in left.indices { sum += left[index] * right[index] }
  return sum
}
