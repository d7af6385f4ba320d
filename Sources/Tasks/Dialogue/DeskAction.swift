// What the assistant can do in a turn.

/// A turn of the assistant: `ask colour|size`, `offer ITEM [free]` or `sorry`.
public enum DeskAction: Sendable, Hashable {
  case ask(DeskAttribute)
  /// An offer; `free` waives the price, so it is accepted more often and costs the shop.
  case offer(DeskItem, free: Bool)
  /// States that the wanted item is not in stock.
  case sorry

  /// The 27 actions: the questions, the offers, the free offers, `sorry`. Where several are equally
  /// good, planners take the first.
  public static let all: [DeskAction] =
    DeskAttribute.allCases.map { .ask($0) } + DeskItem.all.map { .offer($0, free: false) }
    + DeskItem.all.map { .offer($0, free: true) } + [.sorry]

  /// Its index in `all`.
  public var index: Int {
    switch self {
    case .ask(let attribute): attribute.rawValue
    case .offer(let item, let free): 2 + item.index + (free ? DeskItem.count : 0)
    case .sorry: 2 + 2 * DeskItem.count
    }
  }

  /// Whether it is a question.
  public var isQuestion: Bool { if case .ask = self { true } else { false } }

  /// Whether it is a free offer.
  public var isFree: Bool { if case .offer(_, free: true) = self { true } else { false } }

  /// The item that it offers, if it is an offer.
  public var item: DeskItem? { if case .offer(let item, _) = self { item } else { nil } }

  // MARK: - Tokens

  /// The tokens of the turn after `<assistant>`, `<end>` included.
  public var tokens: [Int32] {
    typealias Words = DeskVocabulary
    return switch self {
    case .ask(let attribute): [Words.ask, attribute.token, Words.end]
    case .offer(let item, let free):
      [Words.offer, item.token] + (free ? [Words.free] : []) + [Words.end]
    case .sorry: [Words.sorry, Words.end]
    }
  }

  /// The number of tokens of the longest turn, `<end>` included.
  public static let maximumLength = 4

  /// Reads the tokens of a turn after `<assistant>`, `<end>` included.
  ///
  /// - Throws: `DeskFault` by the assistant, positions counted from the first of these tokens.
  public init(tokens: [Int32]) throws(DeskFault) {
    var reader = DeskTokenReader(tokens)
    self = try reader.action()
    try reader.finish(by: .assistant)
  }

  /// The tokens that may follow the beginning of a turn: those with which it is still the beginning
  /// of a legal turn, ascending. Empty after a complete turn and after what begins no turn.
  public static func continuations(of beginning: [Int32]) -> [Int32] {
    Set(
      turns.filter { $0.count > beginning.count && $0.starts(with: beginning) }
        .map { $0[beginning.count] }
    ).sorted()
  }

  private static let turns = all.map(\.tokens)
}
