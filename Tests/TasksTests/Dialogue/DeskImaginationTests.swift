import Tasks
import TestSupport
import Testing

/// What imagined dialogues are worth, by enumeration of all dialogues of two turns.
@Suite struct DeskImaginationTests {
  private static func user(noise: Double = 0) -> DeskUser {
    var user = DeskUser(noise: noise)
    user.patience = 2
    return user
  }

  /// With the filter as the world, imagined return is true return, for any policy of the history.
  @Test(arguments: [0, 0.25]) func theFilterImaginesTheTrueReturn(noise: Double) {
    let user = Self.user(noise: noise)
    for (seed, stock) in [DeskUserTests.stock, DeskStock.all[100]].enumerated() {
      let tree = DeskTree.random(seed: UInt64(seed), actions: 5)
      let imagined = tree.value(DeskModel(stock: stock, user: user))
      expectClose(imagined, tree.value(user, stock), absolute: 1e-12)
      #expect(abs(imagined) > 0.01)
    }
  }

  /// Ĵ − J = Σ_t E_{π,P̂}[Σ_u (P̂ − P)(u | h, a) (r + V^π)], the opening included as a turn of the
  /// user without reward; and |Ĵ − J| ≤ range · Σ_t E[TV].
  @Test func theErrorOfAWrongModelIsTheSumOfItsTurns() {
    let (low, high) = (0.02, 0.1)
    let model = DeskModel(stock: DeskUserTests.stock, user: Self.user(noise: low))
    var wrong = Self.user(noise: high)
    wrong.inStock = 0.9
    wrong.calm = 0.3
    wrong.reveals = 0.6
    wrong.acceptance = [0.1, 0.5, 0.9]
    wrong.leavesAfterOffer = .init(calm: 0.05, hurried: 0.1)
    let other = DeskModel(stock: model.stock, user: wrong)
    let tree = DeskTree.random(seed: 9, actions: 5)
    var (gap, variation) = (0.0, 0.0)
    func walk(
      _ transcript: DeskTranscript, _ belief: DeskBelief, _ imagined: DeskBelief, _ weight: Double
    ) {
      for (action, share) in tree.policy(transcript) {
        let truth = belief.replies(to: action)
        for (place, item) in imagined.replies(to: action).enumerated() {
          let difference = item.probability - truth[place].probability
          gap += weight * share * difference * tree.gain(transcript, action, item.reply, belief)
          variation += weight * share * abs(difference) / 2
          if let next = belief.observing(item.reply, to: action),
            let later = imagined.observing(item.reply, to: action)
          {
            walk(
              transcript.with(action, item.reply), next, later, weight * share * item.probability)
          }
        }
      }
    }
    for (place, item) in other.openings.enumerated() {
      let start = model.start(item.opening)
      let belief = model.belief(after: item.opening)
      let difference = item.probability - model.openings[place].probability
      gap += difference * tree.value(after: start, belief)
      variation += abs(difference) / 2
      walk(start, belief, other.belief(after: item.opening), item.probability)
    }
    let error = tree.value(other) - tree.value(model)
    expectClose(gap, error, absolute: 1e-12)
    #expect(abs(error) > 0.02, "the model is wrong enough to tell")
    // Rewards of a dialogue are in −1.6...1.
    #expect(abs(error) <= 2.6 * variation)
  }

  /// A plan in a wrong world promises more than the best true return: exploitation.
  @Test func aPlanExploitsAWrongModel() {
    var wrong = Self.user()
    wrong.acceptance = [0.9, 0.9, 0.98]
    let stock = DeskUserTests.stock
    var (imagined, plan) = (
      DeskPlan(DeskModel(stock: stock, user: wrong)),
      DeskPlan(DeskModel(stock: stock, user: Self.user()))
    )
    #expect(imagined.value() > plan.value() + 0.05)
  }
}
