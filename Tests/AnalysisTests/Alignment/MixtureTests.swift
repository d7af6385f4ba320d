// The `mixture` control: the true marginal over the file's prompts.
import Foundation
import ModelCore
import TestSupport
import Testing

@Suite struct MixtureTests {
  /// log p(y) = log Σ_x π(y | x) / X and Σ_x w_x ∇ log π(y | x), w = π(y | x) / Σ π(y | x'), over the
  /// distinct prompts, token by token: log p(y_t | y_<t) is the logarithm of a ratio of such means.
  /// Probabilities of a few tokens are far from underflow, so no maximum is taken out.
  @Test(arguments: Setting.all)
  func mixtureIsThePosteriorWeightedSum(setting: Setting) {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext).filter {
      ["a", "c1", "c2", "d", "g"].contains($0.problemID)
    }
    var prompts: [[Int32]] = []
    for rollout in rollouts where !prompts.contains(rollout.promptTokens) {
      prompts.append(rollout.promptTokens)
    }
    #expect(prompts.count == 4, "two of the five problems have one prompt")
    lab.prepare(
      rollouts.flatMap { rollout in
        prompts.map { Continuation(context: $0, response: rollout.responseTokens) }
      })
    let subject = Subject(
      rollouts, lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, controls: ["mixture"]))
    let parameters = lab.model.layout.count
    var smallest = 1.0
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      let tables = prompts.map { lab.table($0, rollout.responseTokens) }
      let tokens = setting.firstScored..<rollout.responseTokens.count
      /// Σ_x π(y_≤t | x) / X
      func probability(_ count: Int) -> Double {
        tables.reduce(0) { sum, table in
          sum + exp(tokens.prefix(count).reduce(0) { $0 + table.logs[$1] })
        } / Double(prompts.count)
      }
      let posterior = tables.map { table in
        exp(tokens.reduce(0) { $0 + table.logs[$1] })
          / (Double(prompts.count) * probability(tokens.count))
      }
      smallest = min(smallest, posterior.max() ?? 0)
      let weights = setting.weights(rollout.responseTokens.count)
      let gradients = tables.map { combination($0.gradients, weights, count: parameters) }
      let conditional = lab.table(rollout.promptTokens, rollout.responseTokens)
      let expected = ExpectedRow(
        combination(gradients, posterior, count: parameters),
        combination(conditional.gradients, weights, count: parameters),
        logs: (
          marginal: (0..<tokens.count).map { log(probability($0 + 1) / probability($0)) },
          conditional: Array(conditional.logs[tokens])
        ), divisor: setting.mean ? Double(tokens.count) : 1)
      // Prompts of a weight below 1e-9 are left out of the gradient.
      expectRow(sample.controls["mixture"], expected, tolerance: 2e-8, "rollout \(rollout.id)")
    }
    #expect(smallest < 0.97, "some posterior is spread over several prompts")
  }
}
