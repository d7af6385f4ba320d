import Analysis
import Tasks
import Testing

@Suite struct ThoughtEffectsTests {
  private func effects(
    _ responses: [(text: String, answer: String?)]
  ) throws -> [String: ThoughtEffects.Kind] {
    let lexicon = Lexicons.seal
    let classifier = ThoughtClassifier(lexicon)
    var effects = ThoughtEffects(lexicon)
    for (cluster, response) in responses.enumerated() {
      let bytes = Array(response.text.utf8)
      effects.add(
        classifier.thoughts(in: bytes), of: bytes, reference: response.answer, cluster: cluster)
    }
    return Dictionary(uniqueKeysWithValues: effects.kinds.map { ($0.name, $0) })
  }

  private let wandering = """
    I add them. The answer is 12.

    Wait, let me check. 5 + 8 is 13, so the answer is 13.

    Alternatively, count up: 13. The answer is 13.0.

    Wait, is that right? Yes.

    Wait, I misread. The answer is 14.
    """

  @Test func aThoughtChangesTheAnswerBeforeIt() throws {
    let kinds = try effects([(wandering, "13")])
    let (reflection, transition) = (
      try #require(kinds["reflection"]), try #require(kinds["transition"])
    )
    // 12 → 13, then nothing stated, then 13 → 14.
    #expect(reflection.count == 3 && reflection.changed.total == 3 && reflection.changed.count == 2)
    #expect(reflection.wrongToRight.count == 1 && reflection.rightToWrong.count == 1)
    // 13.0 is 13.
    #expect(transition.changed.total == 1 && transition.changed.count == 0)
  }

  @Test func withoutAnAnswerBeforeThereIsNothingToChange() throws {
    let kinds = try effects([
      ("Let me see.\n\nWait, no.\n\nAlternatively, the answer is 3.", "3"),
      ("The answer is 4.\n\nWait, the answer is 5.", nil), ("", "3"), ("No thought at all", "3"),
    ])
    let (reflection, transition) = (
      try #require(kinds["reflection"]), try #require(kinds["transition"])
    )
    #expect(reflection.count == 2 && reflection.changed.total == 1 && reflection.changed.count == 1)
    // Without a reference nobody knows which is right.
    #expect(reflection.wrongToRight.total == 0)
    #expect(transition.count == 1 && transition.changed.total == 0)
  }

  @Test func answersWithinThoughtsCountAndThoseBehindThemToo() throws {
    let text = """
      <think>
      So the answer is 7.

      Wait, check: \\boxed{8}
      </think>
      The answer is 8.
      """
    let reflection = try #require(try effects([(text, "8")])["reflection"])
    #expect(reflection.changed.count == 1 && reflection.wrongToRight.count == 1)
  }

  @Test func movesOfTheEmbeddedTaskChangeItsTruth() throws {
    let problem = CountdownProblem(numbers: [3, 5, 11], target: 13)
    let text =
      "Target 13 . First 3 + 5 = 8 . Then 8 + 11 = 19 no . Alternatively , 5 + 11 = 15 . "
      + "Then 15 - 3 = 12 no . Wait , 5 + 11 = 16 . Then 16 - 3 = 13 yes . "
      + "Wait , 5 + 11 = 16 . Then 16 - 3 = 13 yes . Answer 5 + 11 - 3 <eos>"
    let tokens = try text.split(separator: " ").map { word in
      Int32(try #require(CountdownVocabulary.words.firstIndex(of: String(word))))
    }
    var effects = ThoughtEffects(Lexicons.countdown)
    effects.add(CountdownMove.moves(in: tokens, of: problem), cluster: 0)
    let kinds = Dictionary(uniqueKeysWithValues: effects.kinds.map { ($0.name, $0) })
    let reflection = try #require(kinds["reflection"])
    #expect(reflection.changed.count == 1 && reflection.changed.total == 2)
    #expect(reflection.wrongToRight.count == 1 && reflection.rightToWrong.count == 0)
    #expect(kinds["transition"]?.wrongToRight.count == 1)
  }
}
