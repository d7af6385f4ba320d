// Policies that look one turn ahead.

extension DeskBelief {
  /// The expected score of the turn that an action begins.
  public func expectedScore(_ score: DeskScore, taking action: DeskAction) -> Double {
    replies(to: action).reduce(0) {
      $0 + $1.probability * score.score(action, $1.reply, stock: model.stock)
    }
  }

  /// The action of the highest expected score of its own turn: `reward` gives the myopic policy,
  /// `rating` the one that a person who rates turn by turn asks for. Of equally good actions it is the
  /// first in `DeskAction.all`.
  public func greedyAction(_ score: DeskScore) -> DeskAction {
    let values = DeskAction.all.map { expectedScore(score, taking: $0) }
    let best = values.max() ?? 0
    return DeskAction.all[values.firstIndex { $0 >= best - DeskPlan.tolerance } ?? 0]
  }
}
