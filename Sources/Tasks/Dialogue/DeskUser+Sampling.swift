// Samples of the user's process.
import KeyedRandom

extension DeskUser {
  /// A goal and a mood. Equal keys draw equal states.
  public func sampleState(stock: DeskStock, key: RandomKey) -> DeskHiddenState {
    let weights = DeskHiddenState.all.map { probability(of: $0, stock: stock) }
    return DeskHiddenState.all[drawn(weights, at: key.uniform())]
  }

  /// An opening. Its word, what it reveals and its note have random numbers of their own. So a change
  /// of `hasNote` changes nothing but the note.
  public func sampleOpening(in state: DeskHiddenState, key: RandomKey) -> DeskOpening {
    let isTrue = key.derive("word").uniform() < wordMatches
    var opening = DeskOpening(
      word: isTrue ? state.mood : state.mood == .calm ? .hurried : .calm,
      hasNote: key.derive("note").uniform() < hasNote)
    if key.derive("reveals").uniform() < reveals {
      let attribute: DeskAttribute = key.derive("attribute").uniform() < 0.5 ? .colour : .size
      opening.revealed = .init(attribute, state.goal.value(of: attribute))
    }
    return opening
  }

  /// The reply to an action after a dialogue. The key is the dialogue's: each turn has random numbers of its own, which
  /// depend on no action.
  func reply(
    to action: DeskAction, in state: DeskHiddenState, after transcript: DeskTranscript,
    key: RandomKey
  ) -> DeskReply {
    sampleReply(
      to: action, in: state, stock: transcript.stock, isLast: transcript.isLastTurn,
      key: key.derive("replies").derive(UInt64(transcript.turns.count)))
  }

  /// A reply. The noise has a random number of its own, so two values of ε differ only in the replies
  /// that are noise under one of them.
  public func sampleReply(
    to action: DeskAction, in state: DeskHiddenState, stock: DeskStock, isLast: Bool,
    key: RandomKey
  ) -> DeskReply {
    let place = key.derive("reply").uniform()
    if noise > 0, key.derive("noise").uniform() < noise {
      let legal = DeskReply.legal(to: action, isLast: isLast)
      return legal[min(Int(place * Double(legal.count)), legal.count - 1)]
    }
    var quiet = self
    quiet.noise = 0
    let replies = quiet.replies(to: action, in: state, stock: stock, isLast: isLast)
    return replies[drawn(replies.map(\.probability), at: place)].reply
  }
}

/// The index at which the running sum of weights that sum to 1 exceeds a number in [0, 1).
func drawn(_ weights: [Double], at place: Double) -> Int {
  var rest = place
  for (index, weight) in weights.enumerated() {
    rest -= weight
    if rest < 0 { return index }
  }
  return weights.lastIndex { $0 > 0 } ?? 0  // by rounding
}

extension RandomKey {
  /// The first uniform number of this key, in [0, 1).
  func uniform() -> Double {
    var generator = generator()
    return generator.uniform()
  }
}
