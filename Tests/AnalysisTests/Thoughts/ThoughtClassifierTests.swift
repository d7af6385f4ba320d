import Analysis
import Testing

@Suite struct ThoughtClassifierTests {
  /// The kinds of the thoughts, by name.
  private func kinds(_ text: String, _ lexicon: ThoughtLexicon = Lexicons.seal) -> [String] {
    ThoughtClassifier(lexicon).thoughts(in: text).map { lexicon.kindNames[$0.kind] }
  }

  @Test func textBeforeTheFirstBlankLineIsNotCounted() {
    #expect(kinds("Wait, no blank line here") == [])
    #expect(kinds("Wait, first.\n\nSecond.") == ["execution"])
    #expect(kinds("\n\nWait, first.") == ["reflection"])
    let counting = ThoughtLexicon(
      name: "x", version: "1", countsFirst: true, kinds: Lexicons.seal.kinds)
    #expect(kinds("Wait, first.\n\nSecond.", counting) == ["reflection", "execution"])
  }

  @Test(arguments: Lexicons.reflections)
  func everySealReflectionPhraseCountsAnywhereAndInAnyCase(phrase: String) {
    #expect(kinds("a\n\nSo it \(phrase) x") == ["reflection"])
    #expect(kinds("a\n\nSO IT \(phrase.uppercased()) X") == ["reflection"])
  }

  @Test(arguments: Lexicons.transitions)
  func everySealTransitionPhraseCountsAnywhereAndInAnyCase(phrase: String) {
    #expect(kinds("a\n\nSo it \(phrase) x") == ["transition"])
    #expect(kinds("a\n\nSO IT \(phrase.uppercased()) X") == ["transition"])
  }

  @Test func openingWordsCountOnlyAtTheStart() {
    #expect(kinds("a\n\nWAIT a moment\n\nI wait") == ["reflection", "execution"])
    #expect(
      kinds("a\n\nalternatively, b\n\nOr alternatively c") == ["transition", "execution"])
    // Upstream compares the beginning of the text, not a word.
    #expect(kinds("a\n\nWaiting is good") == ["reflection"])
  }

  @Test func theFirstKindThatMatchesWins() {
    let both = "a\n\nAlternatively, let me check another way. Wait"
    #expect(kinds(both) == ["reflection"])
    #expect(kinds(both, Lexicons.easySteer) == ["transition"])
    #expect(kinds("a\n\nI wait here", Lexicons.easySteer) == ["reflection"])
  }

  @Test func theMisspelledPhraseOfTheSourceMatchesOnlyItself() {
    let misspelled = ThoughtLexicon(
      name: "x", version: "1", kinds: [.init(name: "transition", contains: ["think differenly"])])
    #expect(
      kinds("a\n\nthink differently\n\nthink differenly", misspelled) == [
        "execution", "transition",
      ])
  }

  @Test func thoughtsAreSeparatedByTwoLineEndsOrMoreAndEmptyOnesAreNone() {
    #expect(kinds("a\n\nb\nc\n\n\n\nd\n\n  \n\n\n") == ["execution", "execution"])
    #expect(kinds("a\r\n\r\nWait\r\n\r\nb") == ["reflection", "execution"])
    // A line of spaces is no blank line to the published counters.
    #expect(kinds("a\n \nWait\n\nb") == ["execution"])
  }

  @Test func thinkingScopeEndsAtTheMarkAndFallsBackToTheWholeResponse() {
    #expect(kinds("<think>a\n\nWait b</think>\n\nWait c\n\nd") == ["reflection"])
    #expect(kinds("a\n\nWait b</think>\n\nWait c") == ["reflection"])
    #expect(kinds("Wait\n\nWait <think>\na\n\nb") == ["execution"])
    #expect(kinds("a\n\nWait b\n\nWait c") == ["reflection", "reflection"])
    #expect(
      kinds("<think>a\n\nWait b</think>\n\nWait c", Lexicons.easySteer)
        == ["reflection", "reflection"])
  }

  @Test func placesAreBytesOfTheTrimmedThoughtAndOfItsPhrase() {
    let text = "é\n\n  Sö let me check 7. \n\nWait"
    let thoughts = ThoughtClassifier(Lexicons.seal).thoughts(in: text)
    let bytes = Array(text.utf8)
    func words(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    #expect(thoughts.map { words($0.range) } == ["Sö let me check 7.", "Wait"])
    #expect(thoughts.compactMap { $0.match.map(words) } == ["let me check", "Wait"])
  }

  @Test func theTasksOwnWordsBeginThoughtsWithoutBlankLines() {
    let text =
      "Target 6 . First 1 + 2 = 3 . Then 3 + 3 = 6 yes . Wait , 1 + 2 = 3 . Alternatively , "
      + "1 + 3 = 4 . Waits Answer 1 + 2 + 3 <eos>"
    #expect(
      kinds(text, Lexicons.countdown) == ["execution", "reflection", "transition", "execution"])
    #expect(
      kinds("Wait Wait , Wait", Lexicons.countdown) == [
        "reflection", "reflection", "reflection",
      ])
    #expect(kinds("", Lexicons.countdown) == [])
  }

  /// Overlapping phrases, against a search phrase by phrase.
  @Test func onePassFindsWhatASearchPhraseByPhraseFinds() {
    let phrases = ["aba", "ab", "bab", "cabb", "b c", "abab c", "cc"]
    let letters: [Character] = ["a", "B", "c", " "]
    var state: UInt64 = 7
    func draw(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    for _ in 0..<3000 {
      let text = String((0..<draw(14)).map { _ in letters[draw(4)] })
      let lexicon = ThoughtLexicon(
        name: "x", version: "1", countsFirst: true,
        kinds: phrases.indices.filter { _ in draw(2) == 0 }.map {
          .init(name: phrases[$0], contains: [phrases[$0]])
        } + [.init(name: "never", contains: ["zz"])])
      let trimmed = text.trimmingPrefix(" ").lowercased()
      let expected = lexicon.kinds.first { contains(trimmed, $0.contains[0]) }?.name
      let found = kinds(text, lexicon).first
      let end = trimmed.lastIndex { $0 != " " }
      #expect(found == (end == nil ? nil : expected ?? "execution"), "\(text)")
    }
  }

  private func contains(_ text: String, _ phrase: String) -> Bool {
    let (text, phrase) = (Array(text.utf8), Array(phrase.utf8))
    // The end of a thought is stripped of spaces.
    let count = (text.lastIndex { $0 != 0x20 } ?? -1) + 1
    guard count >= phrase.count else { return false }
    return (0...count - phrase.count).contains { Array(text[$0..<$0 + phrase.count]) == phrase }
  }
}
