// Who wrote the logged dialogues.
import KeyedRandom

/// The habits of an assistant that sees the transcript and nothing hidden.
///
/// The user's turns of a logged dialogue therefore have exactly the distribution that the filter
/// predicts.
public struct DeskClerk: Sendable, Hashable {
  /// The probability of asking while an attribute is unknown, at every turn but the last.
  public var asks: Double
  /// Whether offers are chosen from the stock. Otherwise they are chosen from all items, so that they
  /// please the user and may not be in stock.
  public var readsStock: Bool
  /// The probability that an offer is free after a note that demands it.
  public var obeysNote: Double
  /// The probability that any other offer is free.
  public var givesFree: Double
  /// The probability of `sorry` when nothing in stock fits what is known.
  public var apologizes: Double
  /// The probability that a turn is a slip, uniform over the 27 actions.
  public var slips: Double

  /// Chooses the next action of a dialogue that is not over.
  ///
  /// 1. With `slips`, any action.
  /// 2. With `asks`, one of the unknown attributes.
  /// 3. Otherwise one of the items that fit what is known and were not rejected, from the stock or
  ///    from all items.
  /// 4. If there is none: `sorry` with `apologizes`, otherwise an item in stock that was not rejected
  ///    (`sorry` if none is left).
  public func action(
    after transcript: DeskTranscript, using random: inout KeyedGenerator
  ) -> DeskAction {
    if random.bernoulli(slips) { return pick(DeskAction.all, using: &random) }
    let known = Self.known(transcript)
    let unknown = DeskAttribute.allCases.filter { known[$0] == nil }
    if !unknown.isEmpty, !transcript.isLastTurn, random.bernoulli(asks) {
      return .ask(pick(unknown, using: &random))
    }
    let offered = Set(transcript.turns.compactMap(\.action.item))
    func left(_ items: [DeskItem]) -> [DeskItem] { items.filter { !offered.contains($0) } }
    var items = left(readsStock ? transcript.stock.items : DeskItem.all)
      .filter { item in known.allSatisfy { item.value(of: $0) == $1 } }
    if items.isEmpty, !random.bernoulli(apologizes) { items = left(transcript.stock.items) }
    guard !items.isEmpty else { return .sorry }
    let isFree = random.bernoulli(transcript.opening.hasNote ? obeysNote : givesFree)
    return .offer(pick(items, using: &random), free: isFree)
  }

  /// The values that the user has revealed; the last word counts.
  private static func known(_ transcript: DeskTranscript) -> [DeskAttribute: Int] {
    var known: [DeskAttribute: Int] = [:]
    if let revealed = transcript.opening.revealed { known[revealed.attribute] = revealed.value }
    for turn in transcript.turns {
      if case .value(let attribute, let value) = turn.reply { known[attribute] = value }
    }
    return known
  }

  private func pick<Thing>(_ things: [Thing], using random: inout KeyedGenerator) -> Thing {
    things[random.uniform(below: things.count)]
  }
}
