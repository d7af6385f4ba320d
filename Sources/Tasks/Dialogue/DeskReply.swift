// What the user can say to a turn of the assistant.

/// A reply of the user, one word.
public enum DeskReply: Sendable, Hashable {
  /// The wanted item's value of the attribute that the assistant asked for, from 0.
  case value(DeskAttribute, Int)
  /// An answer that reveals nothing.
  case any
  /// Accepts an offer, by rule one that matches both attributes.
  case great
  /// Accepts any other offer.
  case fine
  /// Rejects an offer and stays.
  case no
  /// Leaves.
  case bye
  /// To `sorry`: the wanted item is in stock.
  case bad
  /// To `sorry`: it is not.
  case ok

  /// Whether it accepts an offer.
  public var accepts: Bool { self == .great || self == .fine }

  /// Whether the dialogue goes on after it.
  public var goesOn: Bool {
    switch self {
    case .value, .any, .no: true
    case .great, .fine, .bye, .bad, .ok: false
    }
  }

  /// The replies that the user may give to an action, in a fixed order.
  ///
  /// - Parameter isLast: Whether the user's patience ends with this turn. Then the only replies are
  ///   those that end the dialogue.
  public static func legal(to action: DeskAction, isLast: Bool) -> [DeskReply] {
    switch action {
    case .ask(let attribute):
      isLast ? [.bye] : (0..<attribute.valueCount).map { .value(attribute, $0) } + [.any, .bye]
    case .offer: isLast ? [.great, .fine, .bye] : [.great, .fine, .no, .bye]
    case .sorry: [.bad, .ok]
    }
  }

  /// Its word's token.
  public var token: Int32 {
    switch self {
    case .value(let attribute, let value): attribute.values.lowerBound + Int32(value)
    case .any: DeskVocabulary.any
    case .great: DeskVocabulary.great
    case .fine: DeskVocabulary.fine
    case .no: DeskVocabulary.no
    case .bye: DeskVocabulary.bye
    case .bad: DeskVocabulary.bad
    case .ok: DeskVocabulary.ok
    }
  }

  /// The tokens of the turn after `<user>`, `<end>` included.
  public var tokens: [Int32] { [token, DeskVocabulary.end] }
}
