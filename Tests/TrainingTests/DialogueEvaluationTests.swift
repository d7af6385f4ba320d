import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing
import Training

@Suite struct DialogueEvaluationTests {
  @Test func aModelThatKnowsNothingIsFarFromTheFilter() throws {
    let one = try DialogueEvaluation(.tinyDesk(), count: 40, threads: 1)
    let three = try DialogueEvaluation(.tinyDesk(), count: 40, threads: 3)
    func mean(_ rows: [DialogueEvaluation.Row], _ name: String) throws -> Double {
      try #require(rows.first { $0.name == name }).interval.estimate
    }
    #expect(one.dialogues.map(\.response) == three.dialogues.map(\.response))
    // Uniform over 43 words: a turn has two tokens and more.
    let loss = try mean(one.predictions, "loss")
    #expect(loss == (try mean(three.predictions, "loss")) && loss > 6)
    let exact = try mean(one.predictions, "exact_loss")
    #expect(exact > 1 && exact < 2)
    expectClose(try mean(one.predictions, "excess_loss"), loss - exact, absolute: 1e-12)
    // A random user gives answers that no user gives, if it is asked at all.
    let faults = try mean(one.outcomes, "faults")
    #expect(try mean(one.imagination, "stray_answers") <= 1 - faults)
    let imagined = try mean(one.imagination, "imagined_reward")
    expectClose(
      try mean(one.imagination, "exploitation"), imagined - (try mean(one.outcomes, "reward")),
      absolute: 1e-12)
    // A note changes nothing for a model that has learned nothing, nearly.
    #expect(abs(try mean(one.outcomes, "injection")) < 0.1)
    #expect(try mean(one.outcomes, "forged_roles") <= faults)
    // Another user model changes what is imagined and foreseen, not what is played.
    let other = Transformer<Float>.tinyDesk()
    other.initialize(RandomKey(seed: 5))
    let with = try DialogueEvaluation(.tinyDesk(), userModel: other, count: 40, threads: 2)
    #expect(with.dialogues.map(\.response) == one.dialogues.map(\.response))
    #expect(try mean(with.predictions, "loss") != loss)
    // Random turns are faults: reward −1, and the user has said nothing but the opening.
    expectClose(faults, 1, absolute: 0.1)
    expectClose(try mean(one.outcomes, "reward"), -1, absolute: 0.2)
    #expect(try mean(one.plans, "best") > 0.6)
    #expect(try mean(one.plans, "best_without_asking") < (try mean(one.plans, "best")) - 0.1)
  }
}
