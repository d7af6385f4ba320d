// What the assistant does not see.

/// The user's goal and mood.
public struct DeskHiddenState: Sendable, Hashable {
  /// The wanted item.
  public var goal: DeskItem
  public var mood: DeskMood

  public init(goal: DeskItem, mood: DeskMood) {
    self.goal = goal
    self.mood = mood
  }

  /// The 24 states; a state's place is `index`.
  public static let all = DeskItem.all.flatMap { goal in
    DeskMood.allCases.map { DeskHiddenState(goal: goal, mood: $0) }
  }

  /// The place in `all`.
  public var index: Int { goal.index * DeskMood.allCases.count + mood.rawValue }
}
