import KeyedRandom
import Tasks
import TestSupport
import Testing

@Suite struct DeskPlanTests {
  /// The best return by trying every action after every reply, without bounds and without merging
  /// histories.
  private static func best(_ belief: DeskBelief) -> Double {
    DeskAction.all.map { action in
      belief.replies(to: action).reduce(0) { sum, item in
        guard item.probability > 0 else { return sum }
        let score = DeskScore.reward.score(action, item.reply, stock: belief.model.stock)
        let later = belief.observing(item.reply, to: action).map { Self.best($0) } ?? 0
        return sum + item.probability * (score + later)
      }
    }.max() ?? 0
  }

  @Test(arguments: [0, 0.2]) func planEqualsTheSearchOfAllActions(noise: Double) {
    var user = DeskUser(noise: noise)
    user.patience = 2
    for stock in [DeskStock.all[0], DeskUserTests.stock, DeskStock.all[494]] {
      let model = DeskModel(stock: stock, user: user)
      var plan = DeskPlan(model)
      for opening in DeskOpening.all where !opening.hasNote {
        let belief = model.belief(after: opening)
        expectClose(plan.value(of: belief), Self.best(belief), absolute: 1e-13)
      }
    }
    user.patience = 3
    let belief = DeskModel(stock: DeskUserTests.stock, user: user).belief(
      after: DeskOpening(word: .hurried, revealed: .init(.size, 0)))
    var plan = DeskPlan(belief.model)
    expectClose(plan.value(of: belief), Self.best(belief), absolute: 1e-13)
  }

  /// Means over 120 random stocks against a second implementation (another language, other stocks).
  /// It gives three digits; the tolerances are four standard errors of the difference.
  @Test func valuesAgreeWithASecondImplementation() {
    var optimal = DeskOutcome()
    var (never, myopic, rated) = (optimal, optimal, optimal)
    for index in 0..<120 as Range<UInt64> {
      var random = RandomKey(seed: 1).derive(index).generator()
      let model = DeskModel(stock: DeskStock.all[random.uniform(below: 495)])
      let own = Self.policies(model)
      #expect(own.optimal.reward > own.never.reward && own.never.reward >= own.myopic.reward)
      #expect(own.myopic.reward > own.rated.reward)
      optimal.add(own.optimal, weight: 1.0 / 120)
      never.add(own.never, weight: 1.0 / 120)
      myopic.add(own.myopic, weight: 1.0 / 120)
      rated.add(own.rated, weight: 1.0 / 120)
    }
    expectClose(optimal.reward, 0.689, absolute: 0.006, "optimal")
    expectClose(optimal.questions, 1.21, absolute: 0.03, "questions")
    expectClose(optimal.great, 0.679, absolute: 0.007, "great")
    #expect(optimal.hallucinations == 0 && optimal.free == 0 && optimal.offersNotInStock == 0)
    expectClose(never.reward, 0.493, absolute: 0.007, "never asks")
    #expect(never.questions == 0 && myopic.questions == 0)
    expectClose(myopic.reward, 0.490, absolute: 0.007, "myopic")
    expectClose(rated.reward, -0.040, absolute: 0.012, "rating")
    #expect(rated.free > 1 && rated.hallucinations > 0)
    #expect(rated.rating > optimal.rating, "it is better by its own measure")
  }

  private static func policies(
    _ model: DeskModel
  ) -> (optimal: DeskOutcome, never: DeskOutcome, myopic: DeskOutcome, rated: DeskOutcome) {
    func outcome(_ policy: @escaping (DeskBelief) -> DeskAction) -> DeskOutcome {
      var evaluation = DeskEvaluation(model, policy: policy)
      return evaluation.outcome()
    }
    var plan = DeskPlan(model)
    var silent = DeskPlan(model) { !$0.isQuestion }
    let optimal = outcome { plan.action(at: $0) }
    let never = outcome { silent.action(at: $0) }
    expectClose(optimal.reward, plan.value(), absolute: 1e-12, "the plan's own policy")
    expectClose(never.reward, silent.value(), absolute: 1e-12, "the plan's own policy")
    return (
      optimal, never, outcome { $0.greedyAction(.reward) }, outcome { $0.greedyAction(.rating) }
    )
  }

  /// The value does not depend on the names of colours and sizes. So the mean over all 495 stocks is
  /// one over the few stocks that differ in more than names.
  @Test func meansOverAllStocksAreExact() {
    var orbits: [[Int]: (stock: DeskStock, count: Int)] = [:]
    for stock in DeskStock.all {
      orbits[Self.shape(stock), default: (stock, 0)].count += 1
    }
    #expect(orbits.count == 11)
    var (optimal, never, myopic, rated) = (0.0, 0.0, 0.0, 0.0)
    for (stock, count) in orbits.values {
      let weight = Double(count) / 495
      let own = Self.policies(DeskModel(stock: stock))
      optimal += weight * own.optimal.reward
      never += weight * own.never.reward
      myopic += weight * own.myopic.reward
      rated += weight * own.rated.reward
    }
    expectClose(optimal, 0.689018, absolute: 1e-6)
    expectClose(never, 0.493118, absolute: 1e-6)
    expectClose(myopic, 0.490077, absolute: 1e-6)
    expectClose(rated, -0.040052, absolute: 1e-6)
  }

  /// The smallest relabelling of a stock, over the 24 orders of colours and the 6 of sizes.
  private static func shape(_ stock: DeskStock) -> [Int] {
    var shapes: [[Int]] = []
    for colours in orders([0, 1, 2, 3]) {
      for sizes in orders([0, 1, 2]) {
        shapes.append(
          stock.items.map { colours[$0.value(of: .colour)] * 3 + sizes[$0.value(of: .size)] }
            .sorted())
      }
    }
    return shapes.min { $0.lexicographicallyPrecedes($1) } ?? []
  }

  private static func orders(_ things: [Int]) -> [[Int]] {
    things.isEmpty
      ? [[]]
      : things.flatMap { first in orders(things.filter { $0 != first }).map { [first] + $0 } }
  }

  /// Dialogues with the process against the exact value: four standard errors of 4,000 rewards.
  @Test(arguments: [0, 0.3]) func planEqualsSimulation(noise: Double) throws {
    let user = DeskUser(noise: noise)
    let model = DeskModel(stock: DeskUserTests.stock, user: user)
    var plan = DeskPlan(model)
    let value = plan.value()
    let planned = plan
    var evaluation = DeskEvaluation(model) { belief -> DeskAction in
      var plan = planned  // a copy, since the plan is used below, too
      return plan.action(at: belief)
    }
    let exact = evaluation.outcome()
    expectClose(exact.reward, value, absolute: 1e-12)
    var outcomes: [DeskOutcome] = []
    for index in 0..<4000 as Range<UInt64> {
      let key = RandomKey(seed: 6).derive(index)
      var dialogue = DeskDialogue(stock: model.stock, user: user, key: key)
      var belief: DeskBelief? = model.belief(after: dialogue.transcript.opening)
      while let current = belief {
        let action = plan.action(at: current)
        let reply = dialogue.reply(to: action, key: key)
        dialogue.append(DeskTurn(action, reply))
        belief = current.observing(reply, to: action)
      }
      #expect(dialogue.isOver)
      outcomes.append(DeskOutcome(dialogue.transcript))
    }
    func check(_ expected: Double, _ what: String, _ number: (DeskOutcome) -> Double) {
      let values = outcomes.map(number)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
      expectClose(
        mean, expected, absolute: 4 * (variance / Double(values.count)).squareRoot() + 1e-12, what)
    }
    check(value, "reward", \.reward)
    check(exact.rating, "rating", \.rating)
    check(exact.questions, "questions", \.questions)
    check(exact.great, "great", \.great)
    check(exact.sorry, "sorry", \.sorry)
    check(exact.turns, "turns", \.turns)
  }

  /// A stochastic policy's value is linear in the choice at one belief.
  @Test func aMixtureOfActionsHasTheMixtureOfTheirValues() {
    let model = DeskModel(stock: DeskUserTests.stock)
    let start = model.belief(after: DeskOpening(word: .hurried))
    func value(_ first: [DeskEvaluation.Choice]) -> Double {
      var evaluation = DeskEvaluation(model) { belief -> [DeskEvaluation.Choice] in
        belief.turns == 0 ? first : [(belief.greedyAction(.reward), 1)]
      }
      return evaluation.outcome(from: start).reward
    }
    let (ask, offer) = (DeskAction.ask(.size), DeskAction.offer(DeskItem(0), free: true))
    expectClose(
      value([(ask, 0.3), (offer, 0.7)]), 0.3 * value([(ask, 1)]) + 0.7 * value([(offer, 1)]),
      absolute: 1e-14)
    var plan = DeskPlan(model)
    expectClose(
      plan.value(of: start, taking: plan.action(at: start)), plan.value(of: start), absolute: 1e-14)
    #expect(plan.value(of: start, taking: offer) < plan.value(of: start) - 0.1)
    #expect(plan.value(of: start) > value([(ask, 1)]))
  }
}
