import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct CountdownProblemTests {
  @Test func vocabularyHasItsOrder() {
    typealias Words = CountdownVocabulary
    #expect(
      Words.words.joined(separator: " ").hasPrefix(
        "<pad> <bos> <eos> Use to make . , Target First Then Alternatively Wait Answer + - = yes no "
          + "0 1 2 "))
    #expect(Words.words.count == 56)
    #expect(Words.count == 56)
    #expect(Words.words.last == "36")
    let named: [(Int32, String)] = [
      (Words.pad, "<pad>"), (Words.bos, "<bos>"), (Words.eos, "<eos>"), (Words.use, "Use"),
      (Words.to, "to"), (Words.make, "make"), (Words.period, "."), (Words.comma, ","),
      (Words.target, "Target"), (Words.first, "First"), (Words.then, "Then"),
      (Words.alternatively, "Alternatively"), (Words.wait, "Wait"), (Words.answer, "Answer"),
      (Words.plus, "+"), (Words.minus, "-"), (Words.equals, "="), (Words.yes, "yes"),
      (Words.no, "no"), (Words.zero, "0"), (Words.token(of: 36), "36"),
    ]
    for (token, word) in named { #expect(Words.text(of: [token]) == word) }
    for token in Int32(-1)...57 {
      #expect(Words.number(of: token) == (19...55 ~= token ? Int(token) - 19 : nil))
    }
    #expect(Words.text(of: [3, 99, -1]) == "Use <?99> <?-1>")
  }

  @Test func twentyFourOf220NumberSetsAreHeldOut() {
    let heldOut = CountdownProblem.numberSets(.heldOut)
    let train = CountdownProblem.numberSets(.train)
    #expect(heldOut.count == 24)
    #expect(train.count == 196)
    #expect(Set(heldOut).union(train).count == 220)
    for set in heldOut + train {
      #expect(1 <= set[0] && set[0] < set[1] && set[1] < set[2] && set[2] <= 12)
    }
    // The rule by hand: 1·7919 + 2·104729 + 8·1299709 = 10615049, mod 1000 = 49.
    #expect(heldOut.contains([1, 2, 8]))
  }

  @Test func expressionsAreTheSumsWithAtMostOneMinus() {
    #expect(
      CountdownProblem.signings(of: [7, 2, 3])
        == [[7, 2, 3], [7, -2, 3], [7, 2, -3]])  // −7 + 2 + 3 is negative
    #expect(CountdownProblem.signings(of: [3, 5, 8]).contains([3, 5, -8]))  // 0 is valid
    for set in CountdownProblem.numberSets(.train) + CountdownProblem.numberSets(.heldOut) {
      let values = CountdownProblem.signings(of: set).map { $0.reduce(0, +) }
      #expect(values.count >= 3)
      #expect(Set(values).count == values.count)
    }
  }

  /// A target names one expression, so a blind guess hits with the mean of 1/expressions.
  @Test func blindGuessingHitsThreeTimesInTen() {
    let sets = CountdownProblem.numberSets(.train) + CountdownProblem.numberSets(.heldOut)
    let hit = sets.map { 1 / Double(CountdownProblem.signings(of: $0).count) }.reduce(0, +) / 220
    expectClose(hit, 0.29, absolute: 0.005)
  }

  @Test func samplesBelongToTheirSplitAndCanBeSolved() {
    for split in CountdownProblem.Split.allCases {
      for problem in CountdownProblem.samples(2000, split, key: RandomKey(seed: 5)) {
        #expect(problem.split == split)
        #expect(
          CountdownProblem.signings(of: problem.numbers).contains {
            $0.reduce(0, +) == problem.target
          })
      }
    }
  }

  @Test func heldOutProblemsAreEightySevenOfTwentyFourSets() {
    let problems = CountdownProblem.samples(5000, .heldOut, key: RandomKey(seed: 1))
    #expect(Set(problems.map(\.id)).count == 87)
    #expect(Set(problems.map(\.cluster)).count == 24)
  }

  @Test func ordersOfPresentationAreUniform() {
    var tally: [[Int]: Int] = [:]
    let count = 12_000
    for problem in CountdownProblem.samples(count, .train, key: RandomKey(seed: 2)) {
      let numbers = problem.numbers
      var ranks = [0, 0, 0]
      for i in 0..<3 { for j in 0..<3 where numbers[j] < numbers[i] { ranks[i] += 1 } }
      tally[ranks, default: 0] += 1
    }
    #expect(tally.count == 6)
    // Five standard errors of a count with chance 1/6.
    for (_, times) in tally { #expect(abs(Double(times) - 2000) < 5 * 40.8) }
  }

  @Test func aLongerListOfDrawsBeginsWithAShorterOne() {
    let key = RandomKey(seed: 9)
    let few = CountdownProblem.samples(10, .heldOut, key: key)
    let many = CountdownProblem.samples(100, .heldOut, key: key)
    #expect(Array(many.prefix(10)) == few)
    #expect(Set(many).count > 30)
    #expect(CountdownProblem.samples(10, .heldOut, key: RandomKey(seed: 10)) != few)
  }

  @Test func promptsReadBackAsTheirProblem() throws {
    let problem = CountdownProblem(numbers: [11, 3, 5], target: 13)
    #expect(CountdownVocabulary.text(of: problem.prompt) == "<bos> Use 11 3 5 to make 13 .")
    #expect(problem.id == "3-5-11=13")
    #expect(problem.cluster == "3-5-11")
    #expect(CountdownProblem(prompt: problem.prompt) == problem)
    for index in problem.prompt.indices {
      var wrong = problem.prompt
      wrong[index] = CountdownVocabulary.wait
      #expect(CountdownProblem(prompt: wrong) == nil)
    }
    #expect(CountdownProblem(prompt: []) == nil)
    #expect(CountdownProblem(prompt: problem.prompt + [CountdownVocabulary.eos]) == nil)
  }
}
