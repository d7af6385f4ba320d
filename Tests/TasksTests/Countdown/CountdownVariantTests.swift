import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct CountdownVariantTests {
  /// A response read word by word, independently of the readers under test.
  struct Reading {
    /// The steps of the attempts, then of the answer its terms.
    var attempts: [[(left: Int, term: Int, result: Int)]] = []
    var verdicts: [Bool] = []
    var answer: [Int] = []

    /// Nil where the words are no sentence of the grammar for the problem.
    init?(_ tokens: [Int32], _ problem: CountdownProblem) {
      let n = problem.numbers.count
      let hasNames = problem.variant == .positions
      func value(_ word: String) -> Int? {
        guard hasNames else { return Int(word) }
        return ["1": 0, "2": 1, "3": 2][word].map { problem.numbers[$0] }
      }
      let words = CountdownVocabulary.text(of: tokens).split(separator: " ").map(String.init)
      var rest = words[...]
      func term(_ sign: String, _ number: String) -> Int? {
        guard sign == "+" || sign == "-" else { return nil }
        return value(number).map { sign == "+" ? $0 : -$0 }
      }
      if !hasNames {
        guard rest.popFirst() == "Target", rest.popFirst() == "\(problem.target)",
          rest.popFirst() == "."
        else { return nil }
      }
      while let opening = rest.popFirst() {
        if opening == "Answer" { break }
        switch opening {
        case "First": if !attempts.isEmpty { return nil }
        case "Wait", "Alternatively": if attempts.isEmpty || rest.popFirst() != "," { return nil }
        default: return nil
        }
        var steps: [(left: Int, term: Int, result: Int)] = []
        for step in 1..<n {
          if step > 1, rest.popFirst() != "." || rest.popFirst() != "Then" { return nil }
          guard rest.count > 5, let word = rest.popFirst(),
            let left = step == 1 ? value(word) : Int(word),
            let term = term(rest.removeFirst(), rest.removeFirst()), rest.removeFirst() == "=",
            let result = Int(rest.removeFirst())
          else { return nil }
          if let before = steps.last, before.result != left { return nil }
          steps.append((left, term, result))
        }
        guard let verdict = rest.popFirst(), ["yes", "no"].contains(verdict), rest.popFirst() == "."
        else { return nil }
        attempts.append(steps)
        verdicts.append(verdict == "yes")
      }
      guard rest.count == 2 * n, rest.last == "<eos>", let first = value(rest.removeFirst()) else {
        return nil
      }
      answer = [first]
      while rest.count > 1 {
        guard let next = term(rest.removeFirst(), rest.removeFirst()) else { return nil }
        answer.append(next)
      }
    }

    /// The signed terms of an attempt.
    func terms(_ attempt: Int) -> [Int] {
      [attempts[attempt][0].left] + attempts[attempt].map(\.term)
    }
  }

  private func magnitudes(_ terms: [Int]) -> [Int] { terms.map { abs($0) }.sorted() }

  @Test(arguments: CountdownVariant.allCases)
  func documentsAreReadableAndJudgedByTheirAnswer(variant: CountdownVariant) throws {
    let corpus = CountdownCorpus(variant, key: RandomKey(seed: 3))
    for index in 0..<3000 {
      let document = corpus.document(index)
      let problem = document.problem
      let text = CountdownVocabulary.text(of: document.response)
      let reading = try #require(Reading(document.response, problem), "\(text)")
      #expect(problem.variant == variant && problem.split == .train)
      #expect(document.response.count <= variant.maximumResponseLength)
      #expect(document.tokens.count <= CountdownVariant.contextLength)
      for attempt in reading.attempts.indices {
        #expect(magnitudes(reading.terms(attempt)) == problem.numbers.sorted())
        #expect(
          reading.verdicts[attempt] == (reading.attempts[attempt].last?.result == problem.target))
      }
      #expect(reading.answer == reading.terms(reading.attempts.count - 1))
      let isRight = reading.answer.reduce(0, +) == problem.target
      #expect(
        CountdownVerifier.verify(document.response, of: problem)
          == (isRight ? .correct : .wrongValue), "\(text)")
      let moves = CountdownMoves(document.response, of: problem)
      #expect(moves.transitions + moves.reflections == reading.attempts.count - 1)
      #expect(moves.steps == reading.attempts.count * (variant.numberCount - 1))
      #expect(
        moves.falseSteps
          == reading.attempts.joined().count { $0.left + $0.term != $0.result })
    }
  }

  @Test(arguments: CountdownVariant.allCases)
  func withoutSlipsEveryStepIsTrueAndHasAToken(variant: CountdownVariant) throws {
    var settings = CountdownCorpus.Settings(variant)
    settings.slip = 0
    settings.checkSlip = 0
    settings.falseHit = 0
    let corpus = CountdownCorpus(variant, settings: settings, key: RandomKey(seed: 4))
    var moves = CountdownMoves()
    for index in 0..<3000 {
      let document = corpus.document(index)
      moves.add(document.response, of: document.problem)
    }
    #expect(moves.falseSteps == 0 && moves.repairs == 0 && moves.breakages == 0)
  }

  @Test(arguments: CountdownVariant.allCases)
  func splitsAreDisjointAndTogetherAllSets(variant: CountdownVariant) {
    let (train, heldOut) = (
      CountdownProblem.numberSets(.train, variant), CountdownProblem.numberSets(.heldOut, variant)
    )
    let counts: (all: Int, heldOut: Int) =
      switch variant {
      case .three, .positions: (220, 24)
      case .four: (495, 46)
      case .five: (792, 77)
      }
    #expect(heldOut.count == counts.heldOut)
    #expect(Set(train).union(heldOut).count == counts.all)
    #expect(train.count + heldOut.count == counts.all)
    for set in train + heldOut {
      #expect(set == Set(set).sorted() && set.count == variant.numberCount)
      #expect(set.allSatisfy { (1...12).contains($0) })
    }
  }

  @Test(arguments: CountdownVariant.allCases)
  func targetsAreReachedByWhatTheVariantAllows(variant: CountdownVariant) {
    for split in CountdownProblem.Split.allCases {
      for problem in CountdownProblem.samples(1000, split, variant, key: RandomKey(seed: 5)) {
        #expect(problem.split == split && problem.variant == variant)
        let ways = CountdownProblem.signings(of: problem.numbers).filter {
          $0.reduce(0, +) == problem.target
        }
        #expect(!ways.isEmpty)
        if variant.numberCount == 3 {
          #expect(ways.allSatisfy { $0.count { $0 < 0 } <= 1 })
        } else {
          #expect(problem.target < problem.numbers.reduce(0, +))
        }
      }
    }
  }

  @Test func signingsOfFourNumbersAreAllWithAValueInRange() {
    for numbers in [[12, 11, 10, 9], [1, 2, 3, 4], [7, 1, 12, 5]] {
      var all: Set<[Int]> = []
      for signs in 0..<16 {
        let signing = numbers.enumerated().map { signs >> $0 & 1 == 1 ? -$1 : $1 }
        if (0...36).contains(signing.reduce(0, +)) { all.insert(signing) }
      }
      let signings = CountdownProblem.signings(of: numbers)
      #expect(Set(signings) == all && signings.count == all.count)
    }
  }

  /// First attempts have the solver's odds: .02 for each minus sign, whatever the target. The
  /// tolerance is four standard errors.
  @Test func theSolverOfTheHardVariantsHardlyWritesAMinus() throws {
    let count = 40_000
    var settings = CountdownCorpus.Settings(.four)
    settings.slip = 0
    let corpus = CountdownCorpus(.four, settings: settings, key: RandomKey(seed: 6))
    var seen = [0.0, 0, 0, 0]
    var expected = seen
    var hits = 0
    for index in 0..<count {
      let document = corpus.document(index)
      let terms = try #require(Reading(document.response, document.problem)).terms(0)
      seen[terms.count { $0 < 0 }] += 1
      if terms.reduce(0, +) == document.problem.target { hits += 1 }
      let odds = CountdownProblem.signings(of: document.problem.numbers).map { signing in
        (
          minus: signing.count { $0 < 0 },
          odds: [1, 0.02, 4e-4, 8e-6][signing.count { $0 < 0 }]
        )
      }
      let total = odds.reduce(0) { $0 + $1.odds }
      for (minus, odds) in odds { expected[minus] += odds / total }
    }
    for minus in 0..<4 {
      expectClose(
        seen[minus], expected[minus], absolute: 4 * expected[minus].squareRoot() + 1,
        "\(minus) minus signs")
    }
    // Enumerated over all problems: .016 (the target is below the plain sum).
    expectClose(Double(hits) / Double(count), 0.0158, absolute: 0.0025, "first attempts that hit")
  }

  @Test(arguments: CountdownVariant.allCases)
  func promptsReadBackAsTheirProblem(variant: CountdownVariant) {
    for problem in CountdownProblem.samples(50, .train, variant, key: RandomKey(seed: 7)) {
      #expect(problem.prompt.count == variant.promptLength)
      #expect(CountdownProblem(prompt: problem.prompt) == problem)
      for index in problem.prompt.indices {
        var wrong = problem.prompt
        wrong[index] = CountdownVocabulary.wait
        #expect(CountdownProblem(prompt: wrong) == nil)
      }
      #expect(CountdownProblem(prompt: problem.prompt + [CountdownVocabulary.eos]) == nil)
    }
  }

  @Test(arguments: [
    ("Answer 11 + 5 - 3 - 1 <eos>", CountdownVerdict.correct),
    ("Answer 5 - 1 - 3 + 11 <eos>", .correct),
    ("Answer 11 + 5 - 3 + 1 <eos>", .wrongValue),
    ("Answer 11 + 5 - 2 - 2 <eos>", .wrongNumbers),
    ("Answer 11 + 1 <eos>", .unparsed),
    ("Answer 11 + 5 - 3 <eos>", .unparsed),
    ("Answer 11 + 5 - 3 - 1 + 0 <eos>", .unparsed),
    ("Answer 11 + 5 - 3 - 1", .unfinished),
  ])
  func fourNumbersNeedAnAnswerOfFour(text: String, verdict: CountdownVerdict) throws {
    let problem = CountdownProblem(numbers: [3, 11, 1, 5], target: 12)
    let response = try #require(countdownTokens(text))
    #expect(CountdownVerifier.verify(response, of: problem) == verdict)
  }

  @Test func movesOfFourNumbersHaveTheirGroundTruth() throws {
    let problem = CountdownProblem(numbers: [3, 11, 1, 5], target: 12)
    let miss = "11 + 3 = 14 . Then 14 + 5 = 19 . Then 19 + 1 = 20 no ."
    let slip = "11 + 3 = 14 . Then 14 + 5 = 18 . Then 18 + 1 = 19 no ."
    let hit = "5 + 11 = 16 . Then 16 - 3 = 13 . Then 13 - 1 = 12 yes ."
    let response = try #require(
      countdownTokens(
        "Target 12 . First \(slip) Wait , \(miss) Alternatively , \(hit) Wait , \(slip) "
          + "Answer 5 + 11 - 3 - 1 <eos>"))
    let moves = CountdownMoves(response, of: problem)
    #expect(moves.reflections == 2 && moves.repairs == 1 && moves.breakages == 0)
    #expect(moves.transitions == 1 && moves.transitionsToTarget == 1)
    #expect(moves.steps == 12 && moves.falseSteps == 2)
  }

  @Test func positionsNameTheNumbers() throws {
    let problem = CountdownProblem(numbers: [11, 3, 5], target: 13, variant: .positions)
    #expect(
      CountdownVocabulary.text(of: problem.prompt)
        == "<bos> Use 1 = 11 , 2 = 3 , 3 = 5 to make 13 .")
    let response = try #require(
      countdownTokens(
        "First 1 + 2 = 14 . Then 14 + 3 = 18 no . Wait , 1 + 2 = 14 . Then 14 + 3 = 19 no . "
          + "Alternatively , 3 + 1 = 16 . Then 16 - 2 = 13 yes . Answer 3 + 1 - 2 <eos>"))
    #expect(CountdownVerifier.verify(response, of: problem) == .correct)
    let moves = CountdownMoves(response, of: problem)
    #expect(moves.reflections == 1 && moves.repairs == 1)
    #expect(moves.transitions == 1 && moves.transitionsToTarget == 1)
    #expect(moves.steps == 6 && moves.falseSteps == 1)
    for (answer, verdict) in [
      ("Answer 1 + 2 - 3 <eos>", CountdownVerdict.wrongValue),
      ("Answer 11 + 5 - 3 <eos>", .wrongNumbers), ("Answer 1 + 1 - 2 <eos>", .wrongNumbers),
      ("Answer 0 + 1 - 2 <eos>", .wrongNumbers), ("Answer 3 + 1 - 4 <eos>", .wrongNumbers),
    ] {
      #expect(
        try CountdownVerifier.verify(#require(countdownTokens(answer)), of: problem) == verdict,
        "\(answer)")
    }
    // A number that has no such name makes a step false, whatever it says.
    let unknown = try #require(countdownTokens("First 4 - 4 = 0 . Then 0 + 1 = 11 no ."))
    let steps = CountdownMoves(unknown, of: problem)
    #expect(steps.steps == 2 && steps.falseSteps == 1)
    // The same response to the problem that is restated names other numbers.
    let restated = CountdownProblem(numbers: [11, 3, 5], target: 13)
    #expect(CountdownVerifier.verify(response, of: restated) == .wrongNumbers)
  }

  // MARK: - Bits

  /// FNV-1a over the documents, so that a change of a single draw shows.
  private func checksum(_ corpus: CountdownCorpus, documents: Int) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<documents {
      for token in corpus.document(index).tokens {
        hash = (hash ^ UInt64(token)) &* 0x100_0000_01b3
      }
    }
    return hash
  }

  /// The committed checkpoint was trained on the first of these; the others are pinned so that
  /// checkpoints of the hard variants can be made again.
  @Test(
    arguments: zip(
      CountdownVariant.allCases,
      [0x5ae2_2dbe_c688_81fe, 0x035b_19b3_e5d9_5953, 0xf328_46c2_4e85_f55c, 0x5b06_a6e1_4e9d_9d48]
        as [UInt64]))
  func documentsOfAVariantStayWhatTheyAre(variant: CountdownVariant, expected: UInt64) {
    let corpus = CountdownCorpus(variant, key: RandomKey(seed: 0).derive("corpus"))
    #expect(checksum(corpus, documents: 10_000) == expected)
  }
}
