import KeyedRandom
import Tasks
import Testing

@Suite struct DeskTranscriptTests {
  static let start = "<bos> <system> red-small green-large blue-medium black-small <end> <user>"
  static let dialogue =
    start + " please red note say free <end> <assistant> ask size <end> <user> small <end>"
    + " <assistant> offer red-small free <end> <user> great <end> <eos>"

  @Test func aDialogueIsReadAndWritten() throws {
    let tokens = try DeskVocabulary.tokens(of: Self.dialogue)
    let transcript = try DeskTranscript(tokens: tokens)
    #expect(transcript.stock.description == "red-small,green-large,blue-medium,black-small")
    #expect(
      transcript.opening
        == DeskOpening(word: .calm, revealed: .init(.colour, 0), hasNote: true))
    #expect(
      transcript.turns == [
        DeskTurn(.ask(.size), .value(.size, 0)),
        DeskTurn(.offer(DeskItem(0), free: true), .great),
      ])
    #expect(transcript.isOver && transcript.tokens == tokens)
    let authors = transcript.authored.map { token, author in
      author == .forced ? "" : author.rawValue.prefix(1) + DeskVocabulary.text(of: [token])
    }
    #expect(
      authors.filter { !$0.isEmpty } == [
        "uplease", "ured", "unote", "usay", "ufree", "u<end>", "aask", "asize", "a<end>", "usmall",
        "u<end>", "aoffer", "ared-small", "afree", "a<end>", "ugreat", "u<end>",
      ])
  }

  /// Random dialogues of legal turns are read back, and so is every prefix at a turn of the user.
  @Test func everyDialogueIsReadBack() throws {
    for index in 0..<500 as Range<UInt64> {
      var random = RandomKey(seed: 3).derive(index).generator()
      let patience = 1 + random.uniform(below: 6)
      var transcript = DeskTranscript(
        stock: DeskStock.all[random.uniform(below: 495)],
        opening: DeskOpening.all[random.uniform(below: 32)], patience: patience)
      while !transcript.isOver {
        #expect(
          try DeskTranscript(tokens: transcript.tokens, mayGoOn: true, patience: patience)
            == transcript)
        #expect(throws: DeskFault(.truncated, at: transcript.tokens.count, by: .forced)) {
          try DeskTranscript(tokens: transcript.tokens, patience: patience)
        }
        let action = DeskAction.all[random.uniform(below: 27)]
        let replies = transcript.legalReplies(to: action)
        transcript.append(DeskTurn(action, replies[random.uniform(below: replies.count)]))
      }
      #expect(transcript.turns.count <= patience)
      #expect(try DeskTranscript(tokens: transcript.tokens, patience: patience) == transcript)
    }
    #expect(Set(DeskOpening.all).count == 32)
  }

  /// Texts with their first faults.
  static let faults: [(String, DeskFault)] = [
    ("", DeskFault(.truncated, at: 0, by: .forced)),
    ("<system>", DeskFault(.forgedRole, at: 0, by: .forced)),
    ("<bos> <system> red-small red-small", DeskFault(.unexpectedWord, at: 3, by: .forced)),
    ("<bos> <system> red-medium red-small", DeskFault(.unexpectedWord, at: 3, by: .forced)),
    ("\(start) <end>", DeskFault(.unexpectedWord, at: 8, by: .user)),
    ("\(start) please small red", DeskFault(.unexpectedWord, at: 10, by: .user)),
    ("\(start) please note say <end>", DeskFault(.unexpectedWord, at: 11, by: .user)),
    ("\(start) please <assistant>", DeskFault(.forgedRole, at: 9, by: .user)),
    ("\(start) quick <end> <user>", DeskFault(.forgedRole, at: 10, by: .forced)),
    ("\(start) quick <end> <assistant>", DeskFault(.truncated, at: 11, by: .assistant)),
    ("\(start) quick <end> <assistant> great", DeskFault(.unexpectedWord, at: 11, by: .assistant)),
    (
      "\(start) quick <end> <assistant> offer red",
      DeskFault(.unexpectedWord, at: 12, by: .assistant)
    ),
    (
      "\(start) quick <end> <assistant> offer red-small <user> great <end> <eos>",
      DeskFault(.forgedRole, at: 13, by: .assistant)
    ),
    (
      "\(start) quick <end> <assistant> ask size <end> <user> red <end>",
      DeskFault(.unexpectedWord, at: 15, by: .user)
    ),
    (
      "\(start) quick <end> <assistant> ask size <end> <user> great <end>",
      DeskFault(.unexpectedWord, at: 15, by: .user)
    ),
    (
      "\(start) quick <end> <assistant> sorry <end> <user> ok <end> <assistant>",
      DeskFault(.forgedRole, at: 16, by: .forced)
    ),
    (
      "\(start) quick <end> <assistant> sorry <end> <user> ok <end> <eos> <pad>",
      DeskFault(.overlong, at: 17, by: .forced)
    ),
  ]

  @Test(arguments: faults)
  func theFirstFaultIsNamed(text: String, fault: DeskFault) throws {
    let tokens = try DeskVocabulary.tokens(of: text)
    #expect(throws: fault) { try DeskTranscript(tokens: tokens) }
  }

  @Test func unknownTokensAreFaults() throws {
    var tokens = try DeskVocabulary.tokens(of: Self.dialogue)
    for place in tokens.indices {
      let token = tokens[place]
      for wrong in [-1, 43, Int32.max, .min] {
        tokens[place] = wrong
        let fault = #expect(throws: DeskFault.self) { try DeskTranscript(tokens: tokens) }
        #expect(fault?.kind == .unknownWord && fault?.position == place)
      }
      tokens[place] = token
      #expect(throws: DeskFault.self) { try DeskTranscript(tokens: Array(tokens.prefix(place))) }
    }
  }

  /// Any token ids are read without a crash, and no change of one token goes unnoticed.
  @Test func noiseIsReadWithoutACrash() throws {
    let tokens = try DeskVocabulary.tokens(of: Self.dialogue)
    var random = RandomKey(seed: 1).generator()
    var accepted = 0
    for _ in 0..<20_000 {
      var changed = tokens
      let place = random.uniform(below: tokens.count)
      changed[place] = Int32(random.uniform(below: 48)) - 2
      guard let transcript = try? DeskTranscript(tokens: changed) else { continue }
      #expect(transcript.tokens == changed)
      accepted += 1
      let noise = (0..<random.uniform(below: 30)).map { _ in Int32(random.uniform(below: 48)) - 2 }
      #expect((try? DeskTranscript(tokens: noise)) == nil)
    }
    #expect(accepted > 100)
  }

  @Test func theLastTurnOnlyAllowsWhatEndsTheDialogue() throws {
    var text = Self.start + " quick <end>"
    for _ in 0..<4 { text += " <assistant> ask size <end> <user> any <end>" }
    for reply in ["any", "small"] {
      let tokens = try DeskVocabulary.tokens(
        of: text + " <assistant> ask size <end> <user> \(reply) <end>")
      #expect(throws: DeskFault(.unexpectedWord, at: tokens.count - 2, by: .user)) {
        try DeskTranscript(tokens: tokens, mayGoOn: true)
      }
    }
    let last = try DeskVocabulary.tokens(
      of: text + " <assistant> ask size <end> <user> bye <end> <eos>")
    #expect(try DeskTranscript(tokens: last).turns.count == 5)
  }

  @Test func turnsOfTheUserAreRead() throws {
    for opening in DeskOpening.all {
      #expect(try DeskOpening(tokens: opening.tokens) == opening)
      #expect(throws: DeskFault(.overlong, at: opening.tokens.count, by: .user)) {
        try DeskOpening(tokens: opening.tokens + opening.tokens)
      }
    }
    let transcript = try DeskTranscript(
      tokens: DeskVocabulary.tokens(of: "\(Self.start) please <end>"), mayGoOn: true)
    for action in DeskAction.all {
      for reply in transcript.legalReplies(to: action) {
        #expect(try transcript.reply(to: action, tokens: reply.tokens) == reply)
      }
      #expect(throws: DeskFault(.unexpectedWord, at: 0, by: .user)) {
        try transcript.reply(to: action, tokens: [DeskVocabulary.quick, DeskVocabulary.end])
      }
      #expect(throws: DeskFault(.forgedRole, at: 0, by: .user)) {
        try transcript.reply(to: action, tokens: [DeskVocabulary.assistant])
      }
    }
  }

  @Test func turnsOfTheAssistantAreReadAndContinued() throws {
    #expect(DeskAction.all.count == 27 && DeskAction.all.map(\.index) == Array(0..<27))
    for action in DeskAction.all {
      #expect(try DeskAction(tokens: action.tokens) == action)
      #expect(action.tokens.count <= DeskAction.maximumLength)
      for length in action.tokens.indices {
        let beginning = Array(action.tokens.prefix(length))
        #expect(DeskAction.continuations(of: beginning).contains(action.tokens[length]))
        #expect(throws: DeskFault(.truncated, at: length, by: .assistant)) {
          try DeskAction(tokens: beginning)
        }
      }
      #expect(DeskAction.continuations(of: action.tokens).isEmpty)
      #expect(throws: DeskFault(.overlong, at: action.tokens.count, by: .assistant)) {
        try DeskAction(tokens: action.tokens + [DeskVocabulary.ok])
      }
      #expect(throws: DeskFault(.forgedRole, at: action.tokens.count, by: .assistant)) {
        try DeskAction(tokens: action.tokens + [DeskVocabulary.user])
      }
    }
    typealias Words = DeskVocabulary
    #expect(DeskAction.continuations(of: []) == [Words.ask, Words.offer, Words.sorry])
    #expect(
      DeskAction.continuations(of: [Words.offer, Words.firstItem]) == [Words.end, Words.free])
    #expect(DeskAction.continuations(of: [Words.great]).isEmpty)
  }
}
