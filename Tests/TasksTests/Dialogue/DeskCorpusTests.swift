import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct DeskCorpusTests {
  private static let key = RandomKey(seed: 0)

  @Test func documentsAreDialoguesAboutStocksOfTheirSplit() throws {
    for split in DeskStock.Split.allCases {
      let corpus = DeskCorpus(split: split, key: Self.key)
      let again = DeskCorpus(split: split, key: Self.key)
      var stocks: Set<DeskStock> = []
      for index in (0..<2000).reversed() {
        let document = corpus.document(index)
        #expect(document.isOver && document.fault == nil)
        #expect(document.transcript.stock.split == split)
        stocks.insert(document.transcript.stock)
        if index % 10 == 0 {
          #expect(again.document(index) == document)
          #expect(try DeskTranscript(tokens: document.transcript.tokens) == document.transcript)
        }
      }
      #expect(stocks.count >= (split == .train ? 430 : 50))
    }
    #expect(
      DeskCorpus(key: RandomKey(seed: 1)).document(0) != DeskCorpus(key: Self.key).document(0))
  }

  /// What the documents come to, and what the best model of the user's turns loses on them. The
  /// tolerances are four standard errors of these 10,000 documents and of the 400,000 that gave the
  /// expected numbers.
  @Test func documentsHaveTheirFacts() {
    let corpus = DeskCorpus(key: RandomKey(seed: 2))
    let count = 10_000
    var models: [DeskStock: DeskModel] = [:]
    var outcome = DeskOutcome()
    var (entropy, turns, tokens, excess, square) = (0.0, 0.0, 0, 0.0, 0.0)
    for index in 0..<count {
      let transcript = corpus.document(index).transcript
      let model = models[transcript.stock] ?? DeskModel(stock: transcript.stock)
      models[transcript.stock] = model
      let predictions = model.predictions(of: transcript)
      let own = predictions.reduce(0) { $0 + $1.entropy }
      let loss = predictions.reduce(0) { $0 - $1.logProbability }
      outcome.add(DeskOutcome(transcript), weight: 1 / Double(count))
      entropy += own
      turns += Double(predictions.count)
      tokens += transcript.tokens.count
      excess += loss - own
      square += (loss - own) * (loss - own)
      #expect(transcript.tokens.count <= DeskTranscript.maximumLength())
    }
    expectClose(outcome.hallucinations, 0.2099, absolute: 0.0166, "hallucinations")
    expectClose(entropy / turns, 1.4424, absolute: 0.0095, "nats a turn")
    expectClose(Double(tokens) / Double(count), 28.252, absolute: 0.35, "tokens")
    // The clerks see nothing hidden, so the filter's loss differs from the entropy by chance alone.
    expectClose(excess, 0, absolute: 4 * square.squareRoot(), "loss less entropy")
  }

  /// A note raises free offers, at equal users and equal random numbers.
  @Test func clerksObeyNotes() {
    let clerk = DeskCorpus.Settings().clerks[0].clerk
    var free = [0, 0]
    for index in 0..<2000 as Range<UInt64> {
      let key = RandomKey(seed: 4).derive(index)
      let drawn = DeskDialogue(stock: DeskUserTests.stock, key: key)
      for hasNote in [false, true] {
        var opening = drawn.transcript.opening
        opening.hasNote = hasNote
        var dialogue = DeskDialogue(
          stock: DeskUserTests.stock, state: drawn.state, opening: opening)
        var random = key.derive("clerk").generator()
        while !dialogue.isOver {
          dialogue.step(
            clerk.action(after: dialogue.transcript, using: &random).tokens, key: key)
        }
        free[hasNote ? 1 : 0] += Int(DeskOutcome(dialogue.transcript).free)
      }
    }
    #expect(free[1] > 2 * free[0] && free[0] > 0)
  }

  @Test func withoutSlipsACarefulClerkNeverHallucinates() {
    var settings = DeskCorpus.Settings()
    settings.clerks = [settings.clerks[0]]
    settings.clerks[0].clerk.slips = 0
    let corpus = DeskCorpus(settings: settings, key: Self.key)
    var outcome = DeskOutcome()
    for index in 0..<1000 { outcome.add(DeskOutcome(corpus.document(index).transcript)) }
    #expect(outcome.offersNotInStock == 0 && outcome.questions > 500 && outcome.sorry > 50)
  }
}
