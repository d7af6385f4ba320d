// Logged dialogues: what a model of assistant and user is pretrained on.
import KeyedRandom

/// Writes dialogues of clerks of several habits with the user's process. The i-th depends only on
/// `key.derive(i)` and the settings.
public struct DeskCorpus: Sendable {
  /// Who serves.
  public let settings: Settings
  /// The user's process.
  public let user: DeskUser
  /// The stocks that dialogues are about.
  public let split: DeskStock.Split
  private let key: RandomKey

  /// A corpus; equal keys, users and settings give equal dialogues.
  public init(
    settings: Settings = Settings(), user: DeskUser = DeskUser(), split: DeskStock.Split = .train,
    key: RandomKey
  ) {
    precondition(
      settings.clerks.contains { $0.weight > 0 } && settings.clerks.allSatisfy { $0.weight >= 0 },
      "a corpus needs a clerk")
    self.settings = settings
    self.user = user
    self.split = split
    self.key = key
  }

  /// The dialogue at an index, which is over.
  public func document(_ index: Int) -> DeskDialogue {
    let key = key.derive(UInt64(index))
    var dialogue = DeskDialogue(
      stock: .sample(split, key: key.derive("stock")), user: user, key: key.derive("user"))
    var random = key.derive("clerk").generator()
    let total = settings.clerks.reduce(0) { $0 + $1.weight }
    let clerk = settings.clerks[
      drawn(settings.clerks.map { $0.weight / total }, at: random.uniform())
    ].clerk
    while !dialogue.isOver {
      let action = clerk.action(after: dialogue.transcript, using: &random)
      let reply = dialogue.reply(to: action, key: key.derive("user"))
      dialogue.append(DeskTurn(action, reply))
    }
    return dialogue
  }
}
