// The grammar of a dialogue, one token at a time.

/// Reads the parts of a dialogue from tokens, strictly: what it accepts is exactly what the parts
/// write. It reads any token ids without a crash.
struct DeskTokenReader {
  private let tokens: [Int32]
  private var position = 0

  init(_ tokens: [Int32]) {
    self.tokens = tokens
  }

  /// Whether every token has been read.
  var isAtEnd: Bool { position == tokens.count }

  // MARK: - Parts

  /// Whether this is the next token.
  func isAt(_ token: Int32) -> Bool { next == token }

  /// Reads one given token.
  mutating func expect(_ token: Int32, by author: DeskAuthor) throws(DeskFault) {
    _ = try choose(author) { $0 == token ? token : nil }
  }

  /// Reads `<bos> <system> ITEM ITEM ITEM ITEM <end>`, items ascending.
  mutating func stock() throws(DeskFault) -> DeskStock {
    try expect(DeskVocabulary.bos, by: .forced)
    try expect(DeskVocabulary.system, by: .forced)
    var items: [DeskItem] = []
    while items.count < DeskStock.size {
      let last = items.last?.index ?? -1
      items.append(
        try choose(.forced) { token in
          DeskItem(token: token).flatMap { $0.index > last ? $0 : nil }
        })
    }
    try expect(DeskVocabulary.end, by: .forced)
    return DeskStock(items)
  }

  /// Reads `please|quick [VALUE] [note say free] <end>`.
  mutating func opening() throws(DeskFault) -> DeskOpening {
    let word = try choose(.user) { token in DeskMood.allCases.first { $0.token == token } }
    var opening = DeskOpening(word: word)
    if let next, let attribute = DeskAttribute.allCases.first(where: { $0.values.contains(next) }) {
      let value = try choose(.user) { Int($0 - attribute.values.lowerBound) }
      opening.revealed = .init(attribute, value)
    }
    opening.hasNote = next == DeskVocabulary.note
    if opening.hasNote { for token in DeskOpening.note { try expect(token, by: .user) } }
    try expect(DeskVocabulary.end, by: .user)
    return opening
  }

  /// Reads a turn of the assistant after its role, with `<end>`.
  mutating func action() throws(DeskFault) -> DeskAction {
    typealias Words = DeskVocabulary
    let verb = try choose(.assistant) {
      [Words.ask, Words.offer, Words.sorry].contains($0) ? $0 : nil
    }
    var action = DeskAction.sorry
    if verb == Words.ask {
      action = .ask(
        try choose(.assistant) { token in DeskAttribute.allCases.first { $0.token == token } })
    } else if verb == Words.offer {
      let item = try choose(.assistant) { DeskItem(token: $0) }
      let isFree = next == Words.free
      if isFree { try expect(Words.free, by: .assistant) }
      action = .offer(item, free: isFree)
    }
    try expect(Words.end, by: .assistant)
    return action
  }

  /// Reads a turn of the user after its role, with `<end>`: one of these replies.
  mutating func reply(among replies: [DeskReply]) throws(DeskFault) -> DeskReply {
    let reply = try choose(.user) { token in replies.first { $0.token == token } }
    try expect(DeskVocabulary.end, by: .user)
    return reply
  }

  /// Requires that nothing follows.
  func finish(by author: DeskAuthor) throws(DeskFault) {
    guard let next else { return }
    let kind = Self.kind(of: next)
    throw DeskFault(kind == .unexpectedWord ? .overlong : kind, at: position, by: author)
  }

  // MARK: - Tokens

  private var next: Int32? { isAtEnd ? nil : tokens[position] }

  /// Reads the next token if `read` gives something for it; otherwise says what is wrong with it.
  private mutating func choose<Part>(
    _ author: DeskAuthor, _ read: (Int32) -> Part?
  ) throws(DeskFault) -> Part {
    guard let next else { throw DeskFault(.truncated, at: position, by: author) }
    guard let part = read(next) else {
      throw DeskFault(Self.kind(of: next), at: position, by: author)
    }
    position += 1
    return part
  }

  /// What is wrong with a token that may not stand where it does.
  private static func kind(of token: Int32) -> DeskFault.Kind {
    guard 0..<Int32(DeskVocabulary.count) ~= token else { return .unknownWord }
    return DeskVocabulary.isRole(token) ? .forgedRole : .unexpectedWord
  }
}
