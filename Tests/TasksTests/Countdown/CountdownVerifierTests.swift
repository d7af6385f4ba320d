import KeyedRandom
import Tasks
import Testing

@Suite struct CountdownVerifierTests {
  let problem = CountdownProblem(numbers: [11, 3, 5], target: 13)

  @Test(arguments: [
    ("Target 13 . Answer 11 + 5 - 3 <eos>", CountdownVerdict.correct),
    ("Answer 5 - 3 + 11 <eos>", .correct),
    ("Wait Wait no Answer 11 - 3 + 5 <eos>", .correct),
    ("Answer 11 + 3 + 5 <eos>", .wrongValue),
    ("Answer 11 + 2 + 0 <eos>", .wrongNumbers),
    ("Answer 5 + 5 + 3 <eos>", .wrongNumbers),
    ("Answer 11 + 5 - 3", .unfinished),
    ("Answer 11 + 5 - 3 <eos> .", .unfinished),
    ("", .unfinished),
    ("<eos>", .unparsed),
    ("Answer 11 + 5 <eos>", .unparsed),
    ("11 + 5 - 3 <eos>", .unparsed),
    ("Answer 11 + 5 - 3 . <eos>", .unparsed),
    ("Answer 11 + 5 - 3 <eos> <eos>", .unparsed),
    ("Answer 11 = 5 - 3 <eos>", .unparsed),
    ("Target 11 + 5 - 3 <eos>", .unparsed),
  ])
  func verdictFollowsTheLastSevenTokens(text: String, verdict: CountdownVerdict) throws {
    let response = try #require(countdownTokens(text))
    #expect(CountdownVerifier.verify(response, of: problem) == verdict)
    #expect(verdict.reward == (verdict == .correct ? 1 : 0))
  }

  @Test func twoMinusSignsAreAllowedWhereTheValueIsRight() throws {
    let problem = CountdownProblem(numbers: [3, 11, 5], target: 3)
    let response = try #require(countdownTokens("Answer 11 - 5 - 3 <eos>"))
    #expect(CountdownVerifier.verify(response, of: problem) == .correct)
  }

  /// Any token ids, in the vocabulary or not, get some verdict and some counts.
  @Test func noiseIsJudgedWithoutACrash() {
    var random = RandomKey(seed: 1).generator()
    var moves = CountdownMoves()
    for _ in 0..<20_000 {
      let response = (0..<random.uniform(below: 30)).map { _ in
        Int32(random.uniform(below: 60)) - 2
      }
      #expect(CountdownVerifier.verify(response, of: problem) != .correct)
      moves.add(response, of: problem)
    }
    #expect(moves.responses == 20_000)
    #expect(moves.transitions > 0 && moves.reflections > 0)
    #expect(CountdownVerifier.verify([.max, .min, 2], of: problem) == .unparsed)
  }
}
