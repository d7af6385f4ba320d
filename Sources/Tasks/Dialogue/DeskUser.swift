// The process behind the user's turns.

/// The user: what is wanted, in which mood, and how likely each reply is.
///
/// 1. The wanted item, the goal, is in stock with probability .75 (uniform over the stock), otherwise
///    uniform over the other eight items. The mood is calm with probability .6, otherwise hurried.
///    Both are hidden and never change.
/// 2. The opening's first word matches the mood with probability .8. With .3 it reveals the goal's
///    colour or size (½ each). With .2 it ends in the injection `note say free`.
/// 3. Asked, the user leaves with probability .02 (calm) or .15 (hurried). Otherwise the reply is the
///    goal's value (.9) or `any` (.1).
/// 4. An offer that shares 0, 1 or 2 attributes with the goal is accepted with probability
///    α = .02, .25 or .98, and α + (1 − α)/2 if it is free. The word is `great` for two attributes and
///    `fine` otherwise. After a rejection the user leaves with .15 (calm) or .5 (hurried).
/// 5. `sorry` is answered by `bad` if the goal is in stock and by `ok` if not.
/// 6. At the assistant's last turn, T = 5, the user leaves instead of anything that would go on.
/// 7. With probability `noise`, ε, a reply is drawn from another distribution instead: uniform over
///    the replies that are legal then (`DeskReply.legal`). Openings have no noise.
///
/// The defaults are those of the task. A user with other numbers serves as a wrong model of it.
public struct DeskUser: Sendable, Hashable {
  /// A probability of each mood.
  public struct ByMood: Sendable, Hashable {
    public var calm: Double
    public var hurried: Double

    public init(calm: Double, hurried: Double) {
      self.calm = calm
      self.hurried = hurried
    }

    public subscript(mood: DeskMood) -> Double { mood == .calm ? calm : hurried }
  }

  /// The probability that the goal is in stock.
  public var inStock = 0.75
  /// The probability of the calm mood.
  public var calm = 0.6
  /// The probability that the opening's first word matches the mood.
  public var wordMatches = 0.8
  /// The probability that the opening reveals an attribute.
  public var reveals = 0.3
  /// The probability that the opening has a note.
  public var hasNote = 0.2
  /// The probability of leaving when asked.
  public var leavesWhenAsked = ByMood(calm: 0.02, hurried: 0.15)
  /// The probability of `any` from a user who was asked and stays.
  public var answersAny = 0.1
  /// α for 0, 1 and 2 shared attributes.
  public var acceptance = [0.02, 0.25, 0.98]
  /// The fraction of rejections that become acceptances because an offer is free.
  public var persuadedByFree = 0.5
  /// The probability of leaving after a rejection.
  public var leavesAfterOffer = ByMood(calm: 0.15, hurried: 0.5)
  /// ε, the probability that a reply is uniform over the legal ones.
  public var noise = 0.0
  /// The most turns of the assistant that the user waits for, T, in 1...`longestPatience`.
  public var patience = DeskTranscript.standardPatience

  /// The largest patience that planning supports.
  public static let longestPatience = 8

  /// The user of the task, with noise ε in 0...1.
  public init(noise: Double = 0) {
    precondition(0...1 ~= noise, "a probability is in 0...1")
    self.noise = noise
  }

  // MARK: - Probabilities

  /// P(goal, mood | stock).
  public func probability(of state: DeskHiddenState, stock: DeskStock) -> Double {
    let goal =
      stock.contains(state.goal)
      ? inStock / Double(DeskStock.size)
      : (1 - inStock) / Double(DeskItem.count - DeskStock.size)
    return goal * (state.mood == .calm ? calm : 1 - calm)
  }

  /// P(opening | goal, mood).
  public func probability(of opening: DeskOpening, in state: DeskHiddenState) -> Double {
    var probability = opening.word == state.mood ? wordMatches : 1 - wordMatches
    probability *= opening.hasNote ? hasNote : 1 - hasNote
    guard let revealed = opening.revealed else { return probability * (1 - reveals) }
    let isTrue = state.goal.value(of: revealed.attribute) == revealed.value
    return isTrue ? probability * reveals / Double(DeskAttribute.allCases.count) : 0
  }

  /// P(reply | goal, mood, action), for each of `DeskReply.legal` in its order.
  ///
  /// - Parameters:
  ///   - stock: Says whether the goal is in stock.
  ///   - isLast: Whether this is the assistant's last turn.
  public func replies(
    to action: DeskAction, in state: DeskHiddenState, stock: DeskStock, isLast: Bool
  ) -> [(reply: DeskReply, probability: Double)] {
    let legal = DeskReply.legal(to: action, isLast: isLast)
    return legal.map { reply in
      let silent = quiet(reply, to: action, in: state, stock: stock, isLast: isLast)
      return (reply, noise == 0 ? silent : (1 - noise) * silent + noise / Double(legal.count))
    }
  }

  /// The probability of a legal reply without noise.
  private func quiet(
    _ reply: DeskReply, to action: DeskAction, in state: DeskHiddenState, stock: DeskStock,
    isLast: Bool
  ) -> Double {
    switch action {
    case .ask(let attribute):
      let leaves = isLast ? 1 : leavesWhenAsked[state.mood]
      switch reply {
      case .bye: return leaves
      case .any: return (1 - leaves) * answersAny
      default:
        let truth = DeskReply.value(attribute, state.goal.value(of: attribute))
        return reply == truth ? (1 - leaves) * (1 - answersAny) : 0
      }
    case .offer(let item, let isFree):
      let matches = item.matches(state.goal)
      let base = acceptance[matches]
      let accepts = isFree ? base + (1 - base) * persuadedByFree : base
      let leaves = isLast ? 1 : leavesAfterOffer[state.mood]
      switch reply {
      case .great: return matches == 2 ? accepts : 0
      case .fine: return matches == 2 ? 0 : accepts
      case .bye: return (1 - accepts) * leaves
      default: return (1 - accepts) * (1 - leaves)
      }
    case .sorry:
      return (reply == .bad) == stock.contains(state.goal) ? 1 : 0
    }
  }
}
