import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct CountdownCorpusTests {
  /// What the documents of a corpus come to.
  struct Facts {
    var moves = CountdownMoves()
    var correct = 0
    var checked = (count: 0, correct: 0)
    var switched = (count: 0, correct: 0)
    var longest = 0
    var questions = 0

    init(_ corpus: CountdownCorpus, documents: Int) {
      for index in 0..<documents {
        let document = corpus.document(index)
        let verdict = CountdownVerifier.verify(document.response, of: document.problem)
        let own = CountdownMoves(document.response, of: document.problem)
        let isCorrect = verdict == .correct ? 1 : 0
        correct += isCorrect
        if own.reflections > 0 { checked = (checked.count + 1, checked.correct + isCorrect) }
        if own.transitions > 0 { switched = (switched.count + 1, switched.correct + isCorrect) }
        moves = moves + own
        longest = max(longest, document.response.count)
        questions += document.hasQuestion ? 1 : 0
      }
    }

    var accuracy: Double { perResponse(correct) }
    var checkedAccuracy: Double { Double(checked.correct) / Double(checked.count) }
    var switchedAccuracy: Double { Double(switched.correct) / Double(switched.count) }

    func perResponse(_ count: Int) -> Double { Double(count) / Double(moves.responses) }
  }

  /// The published facts of a PyTorch prototype, which states no sampling error; the tolerances
  /// are three standard errors of 20,000 documents. All but the mean length are shares or rates.
  @Test func corpusHasItsPublishedFacts() {
    let facts = Facts(CountdownCorpus(key: RandomKey(seed: 0)), documents: 100_000)
    expectClose(facts.accuracy, 0.474, absolute: 0.011, "accuracy")
    expectClose(facts.checkedAccuracy, 0.755, absolute: 0.028, "accuracy with a check")
    expectClose(facts.switchedAccuracy, 0.602, absolute: 0.029, "accuracy with a transition")
    expectClose(facts.perResponse(facts.moves.transitions), 0.18, absolute: 0.012, "transitions")
    expectClose(facts.perResponse(facts.moves.reflections), 0.13, absolute: 0.009, "reflections")
    expectClose(facts.perResponse(facts.moves.tokens), 30.0, absolute: 0.25, "length")
    expectClose(facts.perResponse(facts.questions), 0.5, absolute: 0.01, "questions")
    #expect(facts.moves.ended == 100_000)
  }

  /// The same facts from a second implementation of the rules (Python, two million documents); the
  /// tolerances are four standard errors of the documents drawn here.
  @Test func corpusAgreesWithASecondImplementation() {
    let facts = Facts(CountdownCorpus(key: RandomKey(seed: 1)), documents: 200_000)
    expectClose(facts.accuracy, 0.4757, absolute: 0.0045, "accuracy")
    expectClose(facts.checkedAccuracy, 0.7483, absolute: 0.0116, "accuracy with a check")
    expectClose(facts.switchedAccuracy, 0.5943, absolute: 0.0121, "accuracy with a transition")
    expectClose(facts.perResponse(facts.moves.transitions), 0.1790, absolute: 0.005, "transitions")
    expectClose(facts.perResponse(facts.moves.reflections), 0.1304, absolute: 0.0036, "reflections")
    expectClose(facts.perResponse(facts.moves.tokens), 29.949, absolute: 0.11, "length")
    #expect(facts.longest == 105)
  }

  /// Moves are functional: a guesser who checks and switches solves nearly all. The published .96
  /// is reached with 128 tokens of room and not with 119, which bounds accuracy near .90; it is
  /// inferred, not stated, that the prototype gave its guesser 128. The other published numbers
  /// hold for both; their sampling error, not stated either, is below the tolerance.
  @Test(arguments: [
    (false, false, 119, 0.30), (true, false, 119, 0.42), (false, true, 119, 0.68),
    (true, true, 119, 0.90), (true, true, 128, 0.96),
  ])
  func movesMakeABlindGuesserBetter(checks: Bool, switches: Bool, length: Int, accuracy: Double) {
    var settings = CountdownCorpus.Settings.blindGuesser(checks: checks, switches: switches)
    settings.maximumLength = length
    let corpus = CountdownCorpus(settings: settings, key: RandomKey(seed: 1))
    let facts = Facts(corpus, documents: 40_000)
    expectClose(facts.accuracy, accuracy, absolute: 0.02, "accuracy")
    if !checks { #expect(facts.moves.reflections == 0) }
    if !checks && !switches { #expect(facts.moves.transitions == 0) }
    #expect(facts.longest <= length)
  }

  /// Every document is a sentence of the grammar, and what it computes is right but for slips.
  @Test func documentsFollowTheGrammar() throws {
    let corpus = CountdownCorpus(split: .heldOut, key: RandomKey(seed: 3))
    let number = "(?:[0-9]|[12][0-9]|3[0-6])"
    let attempt =
      "\(number) [+-] \(number) = (\(number)) \\. Then \\1 [+-] \(number) = \(number) (?:yes|no) \\."
    let grammar = try Regex(
      "Target \(number) \\. First \(attempt)"
        + (1...5).map { "(?: (?:Alternatively|Wait) , \(renumbered(attempt, $0 + 1)))?" }.joined()
        + " Answer \(number) [+-] \(number) [+-] \(number) <eos>")
    for index in 0..<3000 {
      let document = corpus.document(index)
      let text = CountdownVocabulary.text(of: document.response)
      #expect(try grammar.wholeMatch(in: text) != nil, "\(text)")
      #expect(document.problem.split == .heldOut)
      #expect(document.tokens.suffix(document.response.count) == document.response[...])
      #expect(
        Array(document.tokens.dropLast(document.response.count))
          == (document.hasQuestion ? document.problem.prompt : [CountdownVocabulary.bos]))
      let verdict = CountdownVerifier.verify(document.response, of: document.problem)
      #expect(verdict == .correct || verdict == .wrongValue)
    }
  }

  private func renumbered(_ pattern: String, _ group: Int) -> String {
    pattern.replacing("\\1", with: "\\\(group)")
  }

  @Test func withoutSlipsEveryStepIsTrue() {
    var settings = CountdownCorpus.Settings()
    settings.slip = 0
    settings.checkSlip = 0
    settings.falseHit = 0
    let facts = Facts(CountdownCorpus(settings: settings, key: RandomKey(seed: 4)), documents: 5000)
    #expect(facts.moves.falseSteps == 0)
    #expect(facts.moves.repairs == 0)
    #expect(facts.moves.breakages == 0)
  }

  /// A first step is wrong with chance .02 and a last one too, but for false hits (.25 of misses).
  @Test func slipsHaveTheirShare() {
    var settings = CountdownCorpus.Settings()
    settings.falseHit = 0
    settings.check = 0
    settings.carefulCheck = 0
    let facts = Facts(
      CountdownCorpus(settings: settings, key: RandomKey(seed: 5)), documents: 50_000)
    // Slips carried below 0 or above 36 are clamped, which makes a few more false steps.
    expectClose(facts.moves.falseStepShare, 0.02, absolute: 0.002)
  }

  @Test func documentsDependOnTheirPlaceAlone() {
    let corpus = CountdownCorpus(key: RandomKey(seed: 6))
    let forwards = (0..<50).map { corpus.document($0) }
    let backwards = (0..<50).reversed().map {
      CountdownCorpus(key: RandomKey(seed: 6)).document($0)
    }
    #expect(forwards == backwards.reversed())
    #expect(Set(forwards).count == 50)
    #expect(CountdownCorpus(key: RandomKey(seed: 7)).document(0) != forwards[0])
  }

  /// Pinned, since the committed checkpoint was trained on these very documents.
  @Test func documentsStayWhatTheyAre() {
    let corpus = CountdownCorpus(key: RandomKey(seed: 0))
    #expect(
      (0..<3).map { CountdownVocabulary.text(of: corpus.document($0).tokens) } == [
        "<bos> Use 12 5 3 to make 20 . Target 20 . First 12 - 5 = 7 . Then 7 + 3 = 10 no . "
          + "Answer 12 - 5 + 3 <eos>",
        "<bos> Use 10 9 5 to make 14 . Target 14 . First 9 - 5 = 4 . Then 4 + 10 = 14 yes . "
          + "Answer 9 - 5 + 10 <eos>",
        "<bos> Use 8 6 3 to make 11 . Target 11 . First 6 + 8 = 14 . Then 14 + 3 = 17 no . "
          + "Answer 6 + 8 + 3 <eos>",
      ])
  }
}
