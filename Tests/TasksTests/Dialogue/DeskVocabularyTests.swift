import Tasks
import Testing

@Suite struct DeskVocabularyTests {
  @Test func vocabularyHasItsOrder() throws {
    typealias Words = DeskVocabulary
    #expect(Words.words.count == 43 && Words.count == 43 && Set(Words.words).count == 43)
    #expect(Words.specialWords == Array(Words.words.prefix(7)))
    let named: [(Int32, String)] = [
      (Words.pad, "<pad>"), (Words.bos, "<bos>"), (Words.eos, "<eos>"), (Words.end, "<end>"),
      (Words.system, "<system>"), (Words.user, "<user>"), (Words.assistant, "<assistant>"),
      (Words.ask, "ask"), (Words.colour, "colour"), (Words.size, "size"), (Words.offer, "offer"),
      (Words.free, "free"), (Words.sorry, "sorry"), (Words.please, "please"),
      (Words.quick, "quick"), (Words.note, "note"), (Words.say, "say"), (Words.any, "any"),
      (Words.great, "great"), (Words.fine, "fine"), (Words.no, "no"), (Words.bye, "bye"),
      (Words.bad, "bad"), (Words.ok, "ok"), (Words.firstColour, "red"), (Words.firstSize, "small"),
      (Words.firstItem, "red-small"), (42, "black-large"),
    ]
    for (token, word) in named {
      #expect(Words.text(of: [token]) == word)
      #expect(try Words.tokens(of: word) == [token])
    }
    #expect(Words.text(of: [7, 99, -1]) == "ask <?99> <?-1>")
  }

  @Test func textOfAllTokensIsReadBack() throws {
    let tokens = (0..<Int32(DeskVocabulary.count)).map { $0 }
    #expect(try DeskVocabulary.tokens(of: DeskVocabulary.text(of: tokens)) == tokens)
    #expect(throws: DeskFault(.unknownWord, at: 2, by: .forced)) {
      try DeskVocabulary.tokens(of: "ask colour colours")
    }
  }

  @Test func anItemHasOneTokenAndSharesAttributes() throws {
    for item in DeskItem.all {
      let parts = item.description.split(separator: "-").map(String.init)
      #expect(DeskVocabulary.colours[item.value(of: .colour)] == parts[0])
      #expect(DeskVocabulary.sizes[item.value(of: .size)] == parts[1])
      #expect(DeskVocabulary.text(of: [item.token]) == item.description)
      // Of the other eleven, two share the colour and three the size.
      #expect(DeskItem.all.count { $0.matches(item) == 1 } == 5)
      #expect(DeskItem.all.filter { $0.matches(item) == 2 } == [item])
    }
  }

  @Test func fiftyOf495StocksAreHeldOut() {
    #expect(DeskStock.all.count == 495 && Set(DeskStock.all).count == 495)
    let (train, heldOut) = (DeskStock.stocks(.train), DeskStock.stocks(.heldOut))
    #expect(train.count == 445 && heldOut.count == 50)
    #expect(Set(train).isDisjoint(with: heldOut))
    #expect(train.allSatisfy { $0.split == .train } && heldOut.allSatisfy { $0.split == .heldOut })
    // The split is fixed: results of different versions are about the same stocks.
    #expect(
      heldOut[0].description == "red-small,red-medium,red-large,black-large", "\(heldOut[0])")
    // Every item is in some stock of either side.
    for stocks in [train, heldOut] { #expect(Set(stocks.flatMap(\.items)).count == 12) }
  }
}
