import Analysis
import KeyedRandom
import Tasks
import Testing

@Suite struct ThoughtTruthTests {
  private let problem = CountdownProblem(numbers: [3, 5, 11], target: 13)

  /// Words to token ids.
  private func tokens(_ text: String) throws -> [Int32] {
    try text.split(separator: " ").map { word in
      Int32(try #require(CountdownVocabulary.words.firstIndex(of: String(word))))
    }
  }

  /// 5 + 11 − 3 = 13; the first attempt misses, the second slips, the check repairs it.
  private let repaired =
    "Target 13 . First 3 + 5 = 8 . Then 8 + 11 = 19 no . Alternatively , 5 + 11 = 15 . "
    + "Then 15 - 3 = 12 no . Wait , 5 + 11 = 16 . Then 16 - 3 = 13 yes . Answer 5 + 11 - 3 <eos>"

  @Test func movesHaveTheEffectsThatTheTotalsCount() throws {
    let moves = CountdownMove.moves(in: try tokens(repaired), of: problem)
    #expect(moves.map(\.isTransition) == [true, false])
    #expect(moves.map(\.effect) == [.wrongToRight, .wrongToRight])
  }

  @Test func totalsOfMovesAreThoseOfTheTaskOnMadeAndBrokenResponses() {
    let key = RandomKey(seed: 5)
    let corpus = CountdownCorpus(split: .heldOut, key: key)
    for index in 0..<400 {
      let document = corpus.document(index)
      var random = key.derive(9, UInt64(index)).generator()
      var response = document.response
      // Half of them with words put in and taken out.
      if index % 2 == 0 {
        for _ in 0..<4 {
          response.insert(
            random.uniform() < 0.5 ? CountdownVocabulary.wait : CountdownVocabulary.alternatively,
            at: random.uniform(below: response.count))
          response.remove(at: random.uniform(below: response.count))
        }
      }
      let totals = CountdownMoves(response, of: document.problem)
      let moves = CountdownMove.moves(in: response, of: document.problem)
      func count(_ isTransition: Bool, _ effect: CountdownMove.Effect) -> Int {
        moves.count { $0.isTransition == isTransition && $0.effect == effect }
      }
      #expect(moves.count { $0.isTransition } == totals.transitions)
      #expect(moves.count { !$0.isTransition } == totals.reflections)
      #expect(count(true, .wrongToRight) == totals.transitionsToTarget)
      #expect(count(true, .rightToWrong) == totals.transitionsFromTarget)
      #expect(count(false, .wrongToRight) == totals.repairs)
      #expect(count(false, .rightToWrong) == totals.breakages)
    }
  }

  @Test func precisionAndRecallFollowFromTheEffects() throws {
    let useless =
      "Target 13 . First 5 + 11 = 16 . Then 16 - 3 = 13 yes . Wait , 5 + 11 = 16 . "
      + "Then 16 - 3 = 13 yes . Answer 5 + 11 - 3 <eos>"
    var truth = ThoughtTruth(Lexicons.countdown)
    for (cluster, text) in [repaired, useless].enumerated() {
      let response = try tokens(text)
      var starts: [Int] = []
      var offset = 0
      for word in text.split(separator: " ") {
        starts.append(offset)
        offset += word.utf8.count + 1
      }
      truth.add(
        ThoughtClassifier(Lexicons.countdown).thoughts(in: text),
        moves: CountdownMove.moves(in: response, of: problem), starts: starts, cluster: cluster)
    }
    let (reflection, transition) = (truth.kinds[0], truth.kinds[1])
    #expect(truth.hasMoves)
    #expect((reflection.precision.count, reflection.precision.total) == (1, 2))
    #expect((reflection.recall.count, reflection.recall.total) == (1, 1))
    #expect((transition.precision.count, transition.precision.total) == (1, 1))
    #expect((reflection.wrongToRight.count, reflection.wrongToRight.total) == (1, 2))
    #expect((reflection.rightToWrong.count, reflection.rightToWrong.total) == (0, 2))
    #expect(reflection.precision.interval.estimate == 0.5)
    #expect(truth.kinds[2].precision.total == 0)
  }

  @Test func labelsGivePrecisionAndRecallAndNilIsLeftOut() {
    let text = "x\n\nWait\n\nlet me check\n\nstep\n\nI wait\n\nAlternatively"
    let thoughts = ThoughtClassifier(Lexicons.seal).thoughts(in: text)
    var truth = ThoughtTruth(Lexicons.seal)
    truth.add(thoughts, labels: [0, 2, 2, 0, nil], cluster: 0)
    let reflection = truth.kinds[0]
    #expect((reflection.precision.count, reflection.precision.total) == (1, 2))
    #expect((reflection.recall.count, reflection.recall.total) == (1, 2))
    #expect(truth.kinds[1].precision.total == 0)
    #expect((truth.kinds[2].precision.count, truth.kinds[2].precision.total) == (1, 2))
    #expect(!truth.hasMoves)
  }
}
