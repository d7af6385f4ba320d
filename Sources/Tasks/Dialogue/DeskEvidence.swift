// What a history says about the user, apart from the order in which it was said.

/// The sufficient statistic of a history: equal evidence gives equal beliefs with equally many turns
/// left, so a plan needs one value for all such histories.
///
/// Hidden states never change. So a belief is a product over turns, and their order does not matter.
/// Without noise an answer is the truth or `any`. Then it only matters which values are known and how
/// many questions were answered.
struct DeskEvidence: Hashable {
  /// The history in bits: the first word (1), known colour (3) and size (2), 0 for unknown, and one
  /// group of six bits for each turn, sorted, 0 for no turn.
  private(set) var bits: UInt64
  /// The number of turns of the assistant.
  private(set) var turns = 0

  init(_ opening: DeskOpening) {
    bits = opening.word == .hurried ? 1 : 0
    if let revealed = opening.revealed { note(revealed.attribute, revealed.value) }
  }

  /// Adds a turn that did not end the dialogue.
  ///
  /// - Parameter isExact: Whether answers have no noise.
  mutating func add(_ action: DeskAction, _ reply: DeskReply, isExact: Bool) {
    var code: UInt64 = 25  // any answer without noise
    switch (action, reply) {
    case (.ask(let attribute), .value(_, let value)):
      if isExact {
        note(attribute, value)
      } else {
        code = UInt64(reply.token - DeskVocabulary.firstColour) + 28
      }
    case (.ask(let attribute), _):
      if !isExact { code = attribute == .colour ? 26 : 27 }
    default: code = UInt64(action.index) - 1  // an offer that was rejected: 1...24
    }
    insert(code)
    turns += 1
  }

  private mutating func note(_ attribute: DeskAttribute, _ value: Int) {
    let (shift, mask): (UInt64, UInt64) = attribute == .colour ? (1, 7) : (4, 3)
    bits = bits & ~(mask << shift) | UInt64(value + 1) << shift
  }

  /// Inserts a code among the sorted ones.
  private mutating func insert(_ code: UInt64) {
    var carried = code
    for turn in 0...turns {
      let shift = UInt64(Self.headBits + turn * 6)
      let other = bits >> shift & 63
      if other > 0, other <= carried { continue }
      bits = bits & ~(63 << shift) | carried << shift
      if other == 0 { return }
      carried = other
    }
  }

  private static let headBits = 6
}
