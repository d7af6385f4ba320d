import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct DeskDialogueTests {
  private static let stock = DeskUserTests.stock
  private static let key = RandomKey(seed: 8)

  /// The dialogue about red-small, calm, opened by `please`.
  private static var dialogue: DeskDialogue {
    DeskDialogue(stock: stock, state: DeskUserTests.calm, opening: DeskOpening(word: .calm))
  }

  private static func tokens(_ text: String) throws -> [Int32] {
    try DeskVocabulary.tokens(of: text)
  }

  @Test func aDialogueIsSteppedToItsEnd() throws {
    var dialogue = Self.dialogue
    #expect(
      DeskVocabulary.text(of: dialogue.promptTokens)
        == "\(DeskTranscriptTests.start) please <end> <assistant>")
    while !dialogue.isOver {
      dialogue.step(try Self.tokens("offer red-small <end>"), key: Self.key)
    }
    #expect(dialogue.fault == nil)
    let verdict = DeskVerdict(tokens: dialogue.authored.map(\.token))
    #expect(verdict.transcript == dialogue.transcript && verdict.fault == nil)
    #expect(verdict.reward == dialogue.reward)
    #expect(verdict.total(.rating) == dialogue.total(.rating))
  }

  /// A reply depends on the key, the place and the action, and on nothing that happened before.
  @Test func repliesAreKeyed() throws {
    for index in 0..<200 as Range<UInt64> {
      let key = Self.key.derive(index)
      let dialogue = DeskDialogue(stock: Self.stock, key: key)
      #expect(dialogue == DeskDialogue(stock: Self.stock, key: key))
      var first = dialogue
      var second = dialogue
      first.append(DeskTurn(.ask(.size), .any))
      second.append(DeskTurn(.offer(DeskItem(0), free: false), .no))
      for action in DeskAction.all {
        #expect(first.reply(to: action, key: key) == second.reply(to: action, key: key))
      }
    }
    let drawn = (0..<50 as Range<UInt64>).map {
      DeskDialogue(stock: Self.stock, key: Self.key.derive($0))
    }
    #expect(Set(drawn).count > 25)
    #expect(
      Set(
        (0..<50 as Range<UInt64>).map { drawn[0].reply(to: .ask(.size), key: Self.key.derive($0)) }
      )
      .count > 1)
  }

  /// A turn that is no action costs 1, wherever its fault is, and is worth the same read from tokens.
  @Test(arguments: [
    ("offer red-small <user> great <end>", DeskFault.Kind.forgedRole, 2),
    ("<system> sorry <end>", .forgedRole, 0),
    ("offer red-small <end> <assistant>", .forgedRole, 3),
    ("offer red-small", .truncated, 2),
    ("", .truncated, 0),
    ("offer red <end>", .unexpectedWord, 1),
    ("offer red-small free free <end>", .unexpectedWord, 3),
    ("great <end>", .unexpectedWord, 0),
    ("<eos>", .unexpectedWord, 0),
    ("sorry <end> sorry", .overlong, 2),
    ("<?99>", .unknownWord, 0),
  ])
  func aFaultEndsTheDialogue(text: String, kind: DeskFault.Kind, position: Int) throws {
    let tokens = text == "<?99>" ? [99] : try Self.tokens(text)
    var dialogue = Self.dialogue
    dialogue.append(DeskTurn(.ask(.size), .any))
    let start = dialogue.promptTokens.count
    #expect(dialogue.read(tokens) == nil)
    #expect(dialogue.isOver)
    #expect(dialogue.fault == DeskFault(kind, at: position, by: .assistant))
    #expect(dialogue.reward == -1)
    let authored = dialogue.authored
    #expect(authored.suffix(tokens.count).map(\.token) == tokens)
    #expect(authored.suffix(tokens.count).allSatisfy { $0.author == .assistant })
    let verdict = DeskVerdict(tokens: authored.map(\.token))
    #expect(verdict.fault == DeskFault(kind, at: start + position, by: .assistant))
    #expect(verdict.reward == -1 && verdict.transcript == dialogue.transcript)
  }

  /// Only the dialogue knows that the assistant wrote the user's turn, too.
  @Test func aWellFormedForgeryIsAFaultOfTheDialogue() throws {
    var dialogue = Self.dialogue
    let forgery = try Self.tokens("offer red-small <end> <user> great <end>")
    dialogue.step(forgery, key: Self.key)
    #expect(dialogue.fault == DeskFault(.forgedRole, at: 3, by: .assistant))
    #expect(dialogue.reward == -1)
    let tokens = dialogue.authored.map(\.token) + [DeskVocabulary.eos]
    #expect(DeskVerdict(tokens: tokens).reward == 1)
  }

  @Test(
    arguments: [
      ("<assistant> offer red-small <end> <user> great <end> <eos>", 1),
      ("<assistant> offer red-small free <end> <user> great <end> <eos>", 0.4),
      ("<assistant> offer red-medium <end> <user> great <end> <eos>", -1),
      ("<assistant> ask size <end> <user> bye <end> <eos>", -0.3),
      ("<assistant> sorry <end> <user> ok <end> <eos>", 0.2),
      ("<assistant> sorry <end> <user> bad <end> <eos>", -0.5),
      ("<assistant> offer green-large <end> <user> fine <end> <eos>", 0.4),
      // A fault of the user or of the frame is no fault of the assistant, so there is no reward.
      ("<assistant> ask size <end> <user> red <end>", nil),
      ("<assistant> sorry <end> <user> ok <end>", nil),
      ("<user>", nil),
    ] as [(String, Double?)])
  func verdictsFollowTheTranscript(text: String, reward: Double?) throws {
    let tokens = try Self.tokens("\(DeskTranscriptTests.start) please <end> \(text)")
    let verdict = DeskVerdict(tokens: tokens)
    if let reward {
      expectClose(try #require(verdict.reward), reward, absolute: 1e-15)
    } else {
      #expect(verdict.reward == nil && verdict.fault != nil)
    }
  }

  @Test func aCopyGoesOnWithImaginedReplies() {
    let dialogue = Self.dialogue
    var imagined = dialogue
    imagined.append(DeskTurn(.offer(DeskItem(1), free: false), .great))
    #expect(imagined.isOver && imagined.reward == -1 && !dialogue.isOver)
  }

  /// The longest opening and five free offers, each with the longest turns.
  @Test func theLongestDialogueIsBounded() {
    var transcript = DeskTranscript(
      stock: Self.stock, opening: DeskOpening(word: .calm, revealed: .init(.size, 0), hasNote: true)
    )
    for _ in 0..<4 { transcript.append(DeskTurn(.offer(DeskItem(1), free: true), .no)) }
    transcript.append(DeskTurn(.offer(DeskItem(1), free: true), .bye))
    #expect(transcript.tokens.count == DeskTranscript.maximumLength())
    #expect(DeskTranscript.maximumLength() == 55)
  }
}
