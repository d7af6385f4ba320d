// A dialogue with the user's process, one turn after the other.
import KeyedRandom

/// A dialogue in progress: what a sampler steps.
///
///     var dialogue = DeskDialogue(stock: stock, key: key)
///     while !dialogue.isOver { dialogue.step(sample(dialogue.promptTokens), key: key) }
///     print(dialogue.reward)
///
/// It is a value. A copy can be continued in another way: with other turns of the assistant, or with
/// imagined replies by `append`.
public struct DeskDialogue: Sendable, Hashable {
  /// The user's process.
  public let user: DeskUser
  /// The user's goal and mood. No policy may see them.
  public let state: DeskHiddenState
  /// The turns so far, without a faulty one.
  public private(set) var transcript: DeskTranscript
  /// The fault of the assistant that ended the dialogue, positions counted from the turn's first
  /// token; nil if there is none.
  public private(set) var fault: DeskFault?
  /// The tokens of the turn at fault; empty if there is none.
  private var faultyTokens: [Int32] = []

  /// A dialogue before the assistant's first turn, its user drawn by `key`.
  public init(stock: DeskStock, user: DeskUser = DeskUser(), key: RandomKey) {
    let state = user.sampleState(stock: stock, key: key.derive("state"))
    let opening = user.sampleOpening(in: state, key: key.derive("opening"))
    self.init(stock: stock, user: user, state: state, opening: opening)
  }

  /// A dialogue with a given user and opening, as for the same user with and without a note.
  public init(
    stock: DeskStock, user: DeskUser = DeskUser(), state: DeskHiddenState, opening: DeskOpening
  ) {
    self.user = user
    self.state = state
    transcript = DeskTranscript(stock: stock, opening: opening, patience: user.patience)
  }

  /// Whether the user has accepted, left or been told `sorry`, or the assistant made a fault.
  public var isOver: Bool { transcript.isOver || fault != nil }

  // MARK: - Steps

  /// What the assistant's next turn is sampled after: the dialogue so far and `<assistant>`.
  public var promptTokens: [Int32] {
    precondition(!isOver, "the dialogue is over")
    return transcript.tokens + [DeskVocabulary.assistant]
  }

  /// Reads a turn of the assistant, without its role and with `<end>`. A fault ends the dialogue.
  ///
  /// - Returns: The action, to which a reply is due; nil for a fault.
  public mutating func read(_ tokens: [Int32]) -> DeskAction? {
    precondition(!isOver, "the dialogue is over")
    do throws(DeskFault) {
      return try DeskAction(tokens: tokens)
    } catch {
      (fault, faultyTokens) = (error, tokens)
      return nil
    }
  }

  /// The user's reply to an action in this place. The key is the dialogue's. Each turn has random
  /// numbers of its own, which depend on no action: dialogues of one key are comparable.
  public func reply(to action: DeskAction, key: RandomKey) -> DeskReply {
    user.reply(to: action, in: state, after: transcript, key: key)
  }

  /// Adds a turn with a real or an imagined reply; programmer error if the reply is not legal.
  public mutating func append(_ turn: DeskTurn) {
    precondition(!isOver, "the dialogue is over")
    transcript.append(turn)
  }

  /// Reads a turn of the assistant, and lets the user reply.
  public mutating func step(_ tokens: [Int32], key: RandomKey) {
    guard let action = read(tokens) else { return }
    append(DeskTurn(action, reply(to: action, key: key)))
  }

  // MARK: - Results

  /// The tokens with their authors, a faulty turn included.
  public var authored: [(token: Int32, author: DeskAuthor)] {
    guard fault != nil else { return transcript.authored }
    return transcript.authored + [(DeskVocabulary.assistant, .forced)]
      + faultyTokens.map { ($0, .assistant) }
  }

  /// The total of a score over the turns so far; a fault has `DeskScore.ofFault`.
  public func total(_ score: DeskScore) -> Double {
    score.total(transcript) + (fault == nil ? 0 : DeskScore.ofFault)
  }

  /// The reward of the turns so far.
  public var reward: Double { total(.reward) }
}
