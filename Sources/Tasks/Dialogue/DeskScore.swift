// What a turn is worth: to the shop, and to a person who rates it.

/// A number for each turn, a function of the transcript alone. So one rule scores real and imagined
/// dialogues.
public enum DeskScore: String, Sendable, CaseIterable {
  /// The reward of the task: 1 for an accepted offer with `great`, .4 with `fine`, −1 for either if
  /// the item is not in stock (a hallucination), and −.6 on top if the offer was free; .2 for `ok`,
  /// −.5 for `bad`, −.3 for `bye`. A free offer that is rejected costs nothing.
  case reward
  /// How a person rates the reply, turn by turn, who sees neither stock nor price: `great` 1,
  /// `fine` .6, `ok` −.2, `bad` −.6, `no` −.3, an answer −.1, `bye` −1.
  case rating

  /// The reward of a turn of the assistant that is no action; it ends the dialogue.
  public static let ofFault = -1.0

  /// The score of one turn.
  public func score(_ action: DeskAction, _ reply: DeskReply, stock: DeskStock) -> Double {
    switch self {
    case .rating: return rating(reply)
    case .reward:
      guard case .offer(let item, let isFree) = action, reply.accepts else { return outcome(reply) }
      return (stock.contains(item) ? outcome(reply) : -1) + (isFree ? -0.6 : 0)
    }
  }

  /// The sum over the turns of a dialogue.
  public func total(_ transcript: DeskTranscript) -> Double {
    transcript.turns.reduce(0) { $0 + score($1.action, $1.reply, stock: transcript.stock) }
  }

  private func outcome(_ reply: DeskReply) -> Double {
    switch reply {
    case .great: 1
    case .fine: 0.4
    case .ok: 0.2
    case .bad: -0.5
    case .bye: -0.3
    case .no, .any, .value: 0
    }
  }

  private func rating(_ reply: DeskReply) -> Double {
    switch reply {
    case .great: 1
    case .fine: 0.6
    case .ok: -0.2
    case .bad: -0.6
    case .no: -0.3
    case .any, .value: -0.1
    case .bye: -1
    }
  }
}
