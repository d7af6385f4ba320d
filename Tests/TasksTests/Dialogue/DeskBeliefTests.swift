import Foundation
import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct DeskBeliefTests {
  private static let stock = DeskUserTests.stock

  /// The filter against P(goal, mood, transcript), a product over turns, for random dialogues.
  @Test(arguments: [0, 0.2]) func filterEqualsEnumerationOfTheJoint(noise: Double) throws {
    let user = DeskUser(noise: noise)
    var checked = 0
    for index in 0..<300 as Range<UInt64> {
      let key = RandomKey(seed: 11).derive(index)
      var random = key.generator()
      let stock = DeskStock.all[random.uniform(below: 495)]
      var dialogue = DeskDialogue(stock: stock, user: user, key: key)
      let model = DeskModel(stock: stock, user: user)
      var joint = DeskHiddenState.all.map {
        user.probability(of: $0, stock: stock)
          * user.probability(of: dialogue.transcript.opening, in: $0)
      }
      var likelihood = log(joint.reduce(0, +))
      while true {
        let transcript = dialogue.transcript
        let belief = try #require(model.belief(after: transcript))
        let evidence = joint.reduce(0, +)
        expectClose(belief.probabilities, joint.map { $0 / evidence }, absolute: 1e-13)
        expectClose(
          belief.probability(ofGoal: DeskItem(3)), (joint[6] + joint[7]) / evidence, absolute: 1e-13
        )
        expectClose(
          belief.probability(of: .calm) + belief.probability(of: .hurried), 1, absolute: 1e-13)
        let action = DeskAction.all[random.uniform(below: 27)]
        let reply = dialogue.reply(to: action, key: key)
        let rows = DeskHiddenState.all.map {
          user.replies(to: action, in: $0, stock: stock, isLast: transcript.isLastTurn)
        }
        var next = joint
        for (place, predicted) in belief.replies(to: action).enumerated() {
          let expected = joint.indices.reduce(0) { $0 + joint[$1] * rows[$1][place].probability }
          expectClose(predicted.probability, expected / evidence, absolute: 1e-13)
          #expect(predicted.reply == rows[0][place].reply)
          if predicted.reply == reply {
            likelihood += log(predicted.probability)
            next = joint.indices.map { joint[$0] * rows[$0][place].probability }
          }
        }
        joint = next
        dialogue.append(DeskTurn(action, reply))
        checked += 1
        if dialogue.isOver { break }
      }
      expectClose(likelihood, log(joint.reduce(0, +)), absolute: 1e-11)
      expectClose(model.logLikelihood(of: dialogue.transcript), likelihood, absolute: 1e-11)
      #expect(
        model.predictions(of: dialogue.transcript).count == dialogue.transcript.turns.count + 1)
    }
    #expect(checked > 400)
  }

  @Test func impossibleRepliesHaveNoBelief() throws {
    let belief = DeskModel(stock: Self.stock).belief(
      after: DeskOpening(word: .calm, revealed: .init(.colour, 0)))
    #expect(belief.probability(ofGoal: DeskItem(3)) == 0)
    #expect(belief.observing(.value(.colour, 1), to: .ask(.colour)) == nil)
    #expect(belief.observing(.great, to: .offer(DeskItem(0), free: false)) == nil)
    #expect(belief.observing(.no, to: .ask(.colour)) == nil)
    #expect(belief.probability(of: .no, to: .ask(.colour)) == 0)
    let lie = DeskTranscript(
      stock: Self.stock, opening: DeskOpening(word: .calm, revealed: .init(.colour, 0))
    ).with(.ask(.colour), .value(.colour, 1))
    #expect(DeskModel(stock: Self.stock).belief(after: lie) == nil)
    #expect(DeskModel(stock: Self.stock).logLikelihood(of: lie) == -.infinity)
    let noisy = DeskUser(noise: 0.1)
    #expect(DeskModel(stock: Self.stock, user: noisy).logLikelihood(of: lie) > -.infinity)
  }

  /// Imagined replies have the predicted frequencies: five standard errors of a count.
  @Test func imaginedRepliesFollowThePrediction() {
    let belief = DeskModel(stock: Self.stock).belief(after: DeskOpening(word: .hurried))
    var tally: [DeskReply: Int] = [:]
    for index in 0..<10_000 as Range<UInt64> {
      let reply = belief.sampleReply(to: .ask(.colour), key: RandomKey(seed: 1).derive(index))
      tally[reply, default: 0] += 1
    }
    for (reply, probability) in belief.replies(to: .ask(.colour)) {
      expectClose(
        Double(tally[reply] ?? 0), 10_000 * probability,
        absolute: 500 * (probability * (1 - probability)).squareRoot())
    }
  }

  /// By enumeration of all dialogues of two turns: the filter's loss is the entropy, and that of any
  /// other model is higher by the Kullback-Leibler divergence.
  @Test func lossLessEntropyIsADivergence() {
    var user = DeskUser(noise: 0.05)
    user.patience = 2
    let model = DeskModel(stock: Self.stock, user: user)
    let dialogues = DeskTree.random(seed: 2, actions: 4).dialogues(model)
    expectClose(dialogues.reduce(0) { $0 + $1.probability }, 1, absolute: 1e-12)
    func mean(_ number: (DeskTranscript) -> Double) -> Double {
      dialogues.reduce(0) { $0 + $1.probability * number($1.transcript) }
    }
    let entropy = mean { model.predictions(of: $0).reduce(0) { $0 + $1.entropy } }
    let loss = mean { -model.logLikelihood(of: $0) }
    expectClose(loss, entropy, absolute: 1e-11)
    var wrong = user
    wrong.inStock = 0.5
    wrong.acceptance = [0.1, 0.3, 0.8]
    wrong.leavesWhenAsked = .init(calm: 0.3, hurried: 0.1)
    wrong.wordMatches = 0.6
    let other = DeskModel(stock: Self.stock, user: wrong)
    let excess = mean { -other.logLikelihood(of: $0) } - entropy
    let divergence = mean { model.logLikelihood(of: $0) - other.logLikelihood(of: $0) }
    #expect(excess > 0.02)
    expectClose(excess, divergence, absolute: 1e-11)
  }
}
