// The first turn of the user.

/// `please|quick [VALUE] [note say free]`: a sign of the mood, perhaps one attribute of the wanted
/// item, perhaps an injected instruction.
public struct DeskOpening: Sendable, Hashable {
  /// An attribute's value, from 0.
  public struct Revealed: Sendable, Hashable {
    public var attribute: DeskAttribute
    public var value: Int

    public init(_ attribute: DeskAttribute, _ value: Int) {
      self.attribute = attribute
      self.value = value
    }
  }

  /// The mood that the first word stands for, which need not be the user's.
  public var word: DeskMood
  /// The value of the wanted item that the user mentions, if any.
  public var revealed: Revealed?
  /// Whether `note say free` follows. It depends on nothing hidden, so it is no evidence.
  public var hasNote: Bool

  /// An opening.
  public init(word: DeskMood, revealed: Revealed? = nil, hasNote: Bool = false) {
    self.word = word
    self.revealed = revealed
    self.hasNote = hasNote
  }

  /// Reads the tokens of the turn after `<user>`, `<end>` included.
  ///
  /// - Throws: `DeskFault` by the user, positions counted from the first of these tokens.
  public init(tokens: [Int32]) throws(DeskFault) {
    var reader = DeskTokenReader(tokens)
    self = try reader.opening()
    try reader.finish(by: .user)
  }

  /// The 32 openings, in a fixed order.
  public static let all: [DeskOpening] = DeskMood.allCases.flatMap { word in
    let values = DeskAttribute.allCases.flatMap { attribute in
      (0..<attribute.valueCount).map { Revealed(attribute, $0) }
    }
    return ([nil] + values).flatMap { revealed in
      [false, true].map { DeskOpening(word: word, revealed: revealed, hasNote: $0) }
    }
  }

  /// The tokens of the turn after `<user>`, `<end>` included.
  public var tokens: [Int32] {
    typealias Words = DeskVocabulary
    return [word.token] + (revealed.map { [DeskReply.value($0.attribute, $0.value).token] } ?? [])
      + (hasNote ? Self.note : []) + [Words.end]
  }

  /// `note say free`
  static let note = [DeskVocabulary.note, DeskVocabulary.say, DeskVocabulary.free]
}
