// The best return: dynamic programming over beliefs (Åström 1965; Kaelbling, Littman and Cassandra
// 1998).
//
//   V(b, n) = max_a Σ_u P(u | b, a) (score(a, u) + [u goes on] V(b', n − 1))
//
// Most actions are far from the best. If the user's goal and mood were known, the best return Q⁺(s, a)
// after an action would be at least as high, so Σ_s b(s) Q⁺(s, a) is an upper bound (the MDP
// approximation of Hauskrecht, 2000). Actions are tried by falling bound, and those whose bound is
// below the best value so far are skipped. This changes no value.

/// The value of every belief about one stock, and an optimal action. Values are computed on demand and
/// kept.
public struct DeskPlan {
  public let model: DeskModel
  /// What is maximized, in total over the turns.
  public let score: DeskScore
  /// The actions that the plan may take, ascending by `DeskAction.index`.
  public let actions: [DeskAction]

  /// Values within this of the best count as equal; the first of these actions is taken.
  static let tolerance = 1e-12

  private struct Entry {
    var value: Double
    var action: DeskAction
  }

  private var entries: [DeskEvidence: Entry] = [:]
  /// Q⁺ by turns left − 1, action (its place in `actions`) and hidden state.
  private let bounds: [[[Double]]]

  /// A plan for one stock.
  ///
  /// - Parameter allowing: Which actions the plan may take; at least one.
  public init(
    _ model: DeskModel, score: DeskScore = .reward, allowing: (DeskAction) -> Bool = { _ in true }
  ) {
    self.model = model
    self.score = score
    actions = DeskAction.all.filter(allowing)
    precondition(!actions.isEmpty, "a plan needs an action")
    bounds = Self.bounds(model, score, actions)
  }

  /// The number of beliefs whose value has been computed.
  public var stateCount: Int { entries.count }

  // MARK: - Values

  /// The mean of the best return before the user's opening.
  public mutating func value() -> Double {
    var sum = 0.0
    for (opening, probability) in model.openings {
      sum += probability * value(of: model.belief(after: opening))
    }
    return sum
  }

  /// V: the best expected return from a belief on, over the turns that are left.
  public mutating func value(of belief: DeskBelief) -> Double { entry(belief).value }

  /// The action with that return; of equally good ones the first in `DeskAction.all`.
  public mutating func action(at belief: DeskBelief) -> DeskAction { entry(belief).action }

  /// Q: the expected return of an action followed by optimal ones.
  public mutating func value(of belief: DeskBelief, taking action: DeskAction) -> Double {
    var sum = 0.0
    for (reply, probability) in belief.replies(to: action) where probability > 0 {
      var gain = score.score(action, reply, stock: model.stock)
      if let next = belief.observing(reply, to: action) { gain += value(of: next) }
      sum += probability * gain
    }
    return sum
  }

  private mutating func entry(_ belief: DeskBelief) -> Entry {
    precondition(belief.model === model, "a plan values beliefs of its own model")
    if let entry = entries[belief.evidence] { return entry }
    let left = bounds[model.user.patience - belief.turns - 1]
    let ranked = actions.indices.map { (bound: dot(belief.probabilities, left[$0]), place: $0) }
      .sorted { ($1.bound, $0.place) < ($0.bound, $1.place) }
    var best = -Double.infinity
    var tried: [(value: Double, place: Int)] = []
    for (bound, place) in ranked {
      // The slack leaves equally good actions in, whatever the rounding of their bounds.
      guard bound >= best - Self.tolerance else { break }
      let value = value(of: belief, taking: actions[place])
      tried.append((value, place))
      best = max(best, value)
    }
    let first = tried.filter { $0.value >= best - Self.tolerance }.map(\.place).min() ?? 0
    let entry = Entry(value: best, action: actions[first])
    entries[belief.evidence] = entry
    return entry
  }

  // MARK: - Bounds

  /// The best returns if the hidden state were known.
  private static func bounds(
    _ model: DeskModel, _ score: DeskScore, _ actions: [DeskAction]
  ) -> [[[Double]]] {
    var bounds: [[[Double]]] = []
    for left in 1...model.user.patience {
      // V⁺ of one turn less.
      let next = DeskHiddenState.all.indices.map { state in
        bounds.last.map { $0.map { $0[state] }.max() ?? 0 } ?? 0
      }
      bounds.append(
        actions.map { action in
          DeskHiddenState.all.indices.map { state in
            model.columns(action, isLast: left == 1).reduce(0) { sum, column in
              let gain =
                score.score(action, column.reply, stock: model.stock)
                + (column.reply.goesOn ? next[state] : 0)
              return sum + column.likelihood[state] * gain
            }
          }
        })
    }
    return bounds
  }
}
