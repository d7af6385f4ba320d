// A dialogue as all can read it: without the user's hidden goal and mood.

/// The stock, the user's opening and the turns so far.
///
/// In tokens it is
///
///     <bos> <system> ITEM ITEM ITEM ITEM <end> <user> OPENING <end>
///     ( <assistant> ACTION <end> <user> REPLY <end> )* <eos>
///
/// and `<eos>` stands exactly where the last reply ends the dialogue.
public struct DeskTranscript: Sendable, Hashable {
  /// The items that the system turn lists.
  public let stock: DeskStock
  /// The first turn of the user.
  public let opening: DeskOpening
  /// The most turns of the assistant that the user waits for, T.
  public let patience: Int
  /// The turns so far.
  public private(set) var turns: [DeskTurn] = []

  /// A dialogue before the assistant's first turn.
  public init(stock: DeskStock, opening: DeskOpening, patience: Int = standardPatience) {
    precondition(patience > 0, "the user waits for one turn")
    self.stock = stock
    self.opening = opening
    self.patience = patience
  }

  /// T of the task, 5.
  public static let standardPatience = 5

  /// Whether the user has accepted, left or been told `sorry`.
  public var isOver: Bool { turns.last.map { !$0.reply.goesOn } ?? false }

  /// Whether the next turn of the assistant is the last one that the user waits for.
  public var isLastTurn: Bool { turns.count + 1 == patience }

  /// The replies that the user may give to an action now.
  public func legalReplies(to action: DeskAction) -> [DeskReply] {
    DeskReply.legal(to: action, isLast: isLastTurn)
  }

  /// Reads a turn of the user as the reply to an action now: its tokens after `<user>`, `<end>`
  /// included.
  ///
  /// - Throws: `DeskFault` by the user, positions counted from the first of these tokens.
  public func reply(to action: DeskAction, tokens: [Int32]) throws(DeskFault) -> DeskReply {
    var reader = DeskTokenReader(tokens)
    let reply = try reader.reply(among: legalReplies(to: action))
    try reader.finish(by: .user)
    return reply
  }

  /// Adds a turn; programmer error if the dialogue is over or the reply is not legal.
  public mutating func append(_ turn: DeskTurn) {
    precondition(!isOver, "the dialogue is over")
    precondition(legalReplies(to: turn.action).contains(turn.reply), "no reply to this action")
    turns.append(turn)
  }

  // MARK: - Tokens

  /// The tokens with their authors.
  public var authored: [(token: Int32, author: DeskAuthor)] {
    typealias Words = DeskVocabulary
    var tokens: [(token: Int32, author: DeskAuthor)] = []
    func write(_ words: [Int32], _ author: DeskAuthor) {
      tokens += words.map { ($0, author) }
    }
    write([Words.bos, Words.system] + stock.items.map(\.token) + [Words.end], .forced)
    write([Words.user], .forced)
    write(opening.tokens, .user)
    for turn in turns {
      write([Words.assistant], .forced)
      write(turn.action.tokens, .assistant)
      write([Words.user], .forced)
      write(turn.reply.tokens, .user)
    }
    if isOver { write([Words.eos], .forced) }
    return tokens
  }

  /// The tokens; `<eos>` closes them if the dialogue is over.
  public var tokens: [Int32] { authored.map(\.token) }

  /// The tokens of the longest dialogue of so many turns: `<bos> <system>`, the stock and `<end>`,
  /// the longest opening, the longest turns, `<eos>`.
  public static func maximumLength(turns: Int = standardPatience) -> Int {
    let opening = DeskOpening.all.map(\.tokens.count).max() ?? 0
    return 3 + DeskStock.size + 1 + opening + turns * (1 + DeskAction.maximumLength + 1 + 2) + 1
  }

  /// Reads a dialogue.
  ///
  /// - Parameter mayGoOn: Whether a dialogue that is not over is accepted, too. It then ends after
  ///   the `<end>` of a turn of the user.
  /// - Throws: `DeskFault` with the place of the first wrong token.
  public init(
    tokens: [Int32], mayGoOn: Bool = false, patience: Int = standardPatience
  ) throws(DeskFault) {
    var reader = DeskTokenReader(tokens)
    self = try Self.start(&reader, patience: patience)
    try readTurns(&reader, mayGoOn: mayGoOn)
  }

  /// Reads a dialogue up to its first fault.
  ///
  /// - Returns: The transcript of the turns before the fault, nil if the fault is in the system turn
  ///   or the opening; and the fault, nil for a complete dialogue.
  static func reading(
    _ tokens: [Int32], patience: Int
  ) -> (transcript: DeskTranscript?, fault: DeskFault?) {
    var reader = DeskTokenReader(tokens)
    var transcript: DeskTranscript?
    do throws(DeskFault) {
      var read = try start(&reader, patience: patience)
      defer { transcript = read }
      try read.readTurns(&reader, mayGoOn: false)
    } catch {
      return (transcript, error)
    }
    return (transcript, nil)
  }

  private static func start(
    _ reader: inout DeskTokenReader, patience: Int
  ) throws(DeskFault) -> DeskTranscript {
    let stock = try reader.stock()
    try reader.expect(DeskVocabulary.user, by: .forced)
    return DeskTranscript(stock: stock, opening: try reader.opening(), patience: patience)
  }

  private mutating func readTurns(
    _ reader: inout DeskTokenReader, mayGoOn: Bool
  ) throws(DeskFault) {
    typealias Words = DeskVocabulary
    while !isOver {
      if mayGoOn, reader.isAtEnd { return }
      try reader.expect(Words.assistant, by: .forced)
      let action = try reader.action()
      // What stands in place of the user's turn was written by the assistant.
      if !reader.isAt(Words.user) { try reader.finish(by: .assistant) }
      try reader.expect(Words.user, by: .forced)
      append(DeskTurn(action, try reader.reply(among: legalReplies(to: action))))
    }
    try reader.expect(Words.eos, by: .forced)
    try reader.finish(by: .forced)
  }
}
