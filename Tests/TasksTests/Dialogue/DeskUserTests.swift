import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct DeskUserTests {
  // In stock: red-small, green-large, blue-medium, black-small.
  static let stock = DeskStock([DeskItem(0), DeskItem(5), DeskItem(7), DeskItem(9)])
  static let calm = DeskHiddenState(goal: DeskItem(0), mood: .calm)
  static let hurried = DeskHiddenState(goal: DeskItem(0), mood: .hurried)
  static let absent = DeskHiddenState(goal: DeskItem(1), mood: .hurried)

  @Test func probabilitiesAreThoseOfTheTask() {
    let user = DeskUser()
    expectClose(user.probability(of: Self.calm, stock: Self.stock), 0.75 / 4 * 0.6, relative: 1e-15)
    expectClose(
      user.probability(of: Self.absent, stock: Self.stock), 0.25 / 8 * 0.4, relative: 1e-15)

    func opening(_ opening: DeskOpening, _ state: DeskHiddenState) -> Double {
      user.probability(of: opening, in: state)
    }
    expectClose(opening(DeskOpening(word: .calm), Self.calm), 0.8 * 0.7 * 0.8, relative: 1e-15)
    let red = DeskOpening(word: .calm, revealed: .init(.colour, 0), hasNote: true)
    expectClose(opening(red, Self.hurried), 0.2 * 0.15 * 0.2, relative: 1e-15)
    #expect(opening(DeskOpening(word: .calm, revealed: .init(.colour, 1)), Self.calm) == 0)

    func replies(_ action: DeskAction, _ state: DeskHiddenState, last: Bool = false) -> [Double] {
      user.replies(to: action, in: state, stock: Self.stock, isLast: last).map(\.probability)
    }
    // small, medium, large, any, bye
    expectClose(
      replies(.ask(.size), Self.calm), [0.98 * 0.9, 0, 0, 0.098, 0.02], absolute: 1e-15)
    expectClose(
      replies(.ask(.size), Self.absent), [0, 0.85 * 0.9, 0, 0.085, 0.15], absolute: 1e-15)
    #expect(replies(.ask(.size), Self.calm, last: true) == [1])
    // great, fine, no, bye
    func offer(_ item: Int, free: Bool = false) -> DeskAction { .offer(DeskItem(item), free: free) }
    expectClose(
      replies(offer(0), Self.calm), [0.98, 0, 0.02 * 0.85, 0.02 * 0.15], absolute: 1e-15)
    expectClose(replies(offer(9), Self.hurried), [0, 0.25, 0.375, 0.375], absolute: 1e-15)
    expectClose(
      replies(offer(5, free: true), Self.calm), [0, 0.51, 0.49 * 0.85, 0.49 * 0.15],
      absolute: 1e-15)
    expectClose(replies(offer(5), Self.calm, last: true), [0, 0.02, 0.98], absolute: 1e-15)
    // bad, ok
    #expect(replies(.sorry, Self.calm) == [1, 0] && replies(.sorry, Self.absent) == [0, 1])
  }

  @Test(arguments: [0, 0.1, 1]) func distributionsSumToOneAndNoiseIsUniform(noise: Double) {
    let (user, quiet) = (DeskUser(noise: noise), DeskUser())
    let states = DeskHiddenState.all
    #expect(states.map(\.index) == Array(0..<24))
    expectClose(
      states.reduce(0) { $0 + user.probability(of: $1, stock: Self.stock) }, 1, absolute: 1e-14)
    for state in states {
      expectClose(
        DeskOpening.all.reduce(0) { $0 + user.probability(of: $1, in: state) }, 1, absolute: 1e-14)
      for action in DeskAction.all {
        for isLast in [false, true] {
          let noisy = user.replies(to: action, in: state, stock: Self.stock, isLast: isLast)
          let silent = quiet.replies(to: action, in: state, stock: Self.stock, isLast: isLast)
          expectClose(noisy.reduce(0) { $0 + $1.probability }, 1, absolute: 1e-14)
          expectClose(
            noisy.map(\.probability),
            silent.map { (1 - noise) * $0.probability + noise / Double(silent.count) },
            absolute: 1e-15)
          #expect(!isLast || noisy.allSatisfy { !$0.reply.goesOn })
        }
      }
    }
  }

  /// Samples against the probabilities: five standard errors of a count.
  @Test(arguments: [0, 0.3]) func samplesFollowTheProbabilities(noise: Double) {
    let user = DeskUser(noise: noise)
    let count = 10_000
    func check<Thing: Hashable>(
      _ expected: [(Thing, Double)], _ what: String, draw: (RandomKey) -> Thing
    ) {
      var tally: [Thing: Int] = [:]
      for index in 0..<UInt64(count) {
        tally[draw(RandomKey(seed: 7).derive(index)), default: 0] += 1
      }
      for (thing, probability) in expected {
        let allowed = 5 * (Double(count) * probability * (1 - probability)).squareRoot()
        expectClose(
          Double(tally[thing] ?? 0), Double(count) * probability, absolute: allowed + 1e-6, what)
      }
      #expect(tally.count <= expected.count)
    }
    check(
      DeskHiddenState.all.map { ($0, user.probability(of: $0, stock: Self.stock)) }, "state"
    ) { user.sampleState(stock: Self.stock, key: $0) }
    for state in [Self.calm, Self.absent] {
      check(DeskOpening.all.map { ($0, user.probability(of: $0, in: state)) }, "opening") {
        user.sampleOpening(in: state, key: $0)
      }
      for action in [
        DeskAction.ask(.colour), .offer(DeskItem(3), free: false), .offer(DeskItem(1), free: true),
        .sorry,
      ] {
        let replies = user.replies(to: action, in: state, stock: Self.stock, isLast: false)
        check(replies.map { ($0.reply, $0.probability) }, "\(action)") {
          user.sampleReply(to: action, in: state, stock: Self.stock, isLast: false, key: $0)
        }
      }
    }
  }

  /// A change of one number of the process changes only what depends on it.
  @Test func samplesShareTheirRandomNumbers() {
    var (noted, noisy) = (DeskUser(), DeskUser())
    noted.hasNote = 1
    noisy.noise = 0.1
    var changed = 0
    for index in 0..<2000 as Range<UInt64> {
      let key = RandomKey(seed: 5).derive(index)
      var opening = DeskUser().sampleOpening(in: Self.calm, key: key)
      opening.hasNote = true
      #expect(noted.sampleOpening(in: Self.calm, key: key) == opening)
      let replies = [DeskUser(), noisy].map {
        $0.sampleReply(
          to: .ask(.colour), in: Self.calm, stock: Self.stock, isLast: false, key: key)
      }
      changed += replies[0] == replies[1] ? 0 : 1
    }
    #expect(changed > 50 && changed < 200, "at most the share of noise")
  }

  @Test func scoresAreThoseOfTheTask() {
    func scores(_ action: DeskAction, _ reply: DeskReply) -> [Double] {
      DeskScore.allCases.map { $0.score(action, reply, stock: Self.stock) }
    }
    let (inside, outside) = (DeskItem(0), DeskItem(1))
    #expect(scores(.offer(inside, free: false), .great) == [1, 1])
    #expect(scores(.offer(inside, free: false), .fine) == [0.4, 0.6])
    #expect(scores(.offer(inside, free: true), .great) == [0.4, 1])
    #expect(scores(.offer(inside, free: true), .no) == [0, -0.3])
    #expect(scores(.offer(outside, free: false), .great) == [-1, 1])
    #expect(scores(.offer(outside, free: true), .fine) == [-1.6, 0.6])
    #expect(scores(.offer(outside, free: false), .bye) == [-0.3, -1])
    #expect(scores(.ask(.size), .any) == [0, -0.1])
    #expect(scores(.ask(.size), .value(.size, 0)) == [0, -0.1])
    #expect(scores(.sorry, .ok) == [0.2, -0.2])
    #expect(scores(.sorry, .bad) == [-0.5, -0.6])
  }
}
