// The main pair of a rollout, and the reference itself, against brute force.
import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing

@Suite struct MainPairTests {
  /// The two routes to a token's gradient meet: difference quotients of the forward pass, and the
  /// backward pass for one token. So a disagreement elsewhere is not the reference's.
  @Test(arguments: Family.allCases)
  func theReferenceIsTheGradientOfEachToken(family: Family) {
    let lab = family.lab
    for rollout in lab.rollouts.prefix(6) {
      for context in [rollout.promptTokens] + Lab.contexts {
        let table = lab.table(context, rollout.responseTokens)
        let backward = lab.reference.backwardTable(
          Continuation(context: context, response: rollout.responseTokens))
        #expect(table.gradients.count == backward.gradients.count)
        for (token, gradient) in backward.gradients.enumerated() {
          // Difference quotients of fourth order: 1e-9 of the length, and roundings (see
          // `Reference.step`).
          expectClose(
            table.gradients[token], gradient, relative: 1e-9,
            absolute: 1e-9 * norm(gradient) + 5e-10,
            "rollout \(rollout.id) after \(context), token \(token)")
        }
      }
    }
  }

  @Test(arguments: Setting.all, ProductMethod.allCases)
  func productsAndLogarithmsOfEveryGroupAndToken(setting: Setting, method: ProductMethod) {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext)
    let subject = Subject(
      rollouts, lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, method: method))
    let groups = lab.reference.groups
    #expect(subject.groups == groups.map(\.name))
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      let marginal = lab.table(setting.nullContext, rollout.responseTokens)
      let conditional = lab.table(rollout.promptTokens, rollout.responseTokens)
      let expected = ExpectedRow(
        marginal, conditional, setting, parameters: lab.model.layout.count)
      expectRow(sample.row, expected, "rollout \(rollout.id)")

      let weights = setting.weights(rollout.responseTokens.count)
      let m = combination(marginal.gradients, weights, count: lab.model.layout.count)
      let c = combination(conditional.gradients, weights, count: lab.model.layout.count)
      func groupwise(_ a: [Double], _ b: [Double]) -> [Double] {
        groups.map { group in dot(group.places.map { a[$0] }, group.places.map { b[$0] }) }
      }
      // Of the whole gradients' lengths: a group may be small.
      let (mm, mc, cc) = (norm(m) * norm(m), norm(m) * norm(c), norm(c) * norm(c))
      expectClose(sample.inner, groupwise(m, c), absolute: 1e-8 * mc, "inner products")
      expectClose(sample.squaresMarginal, groupwise(m, m), absolute: 1e-8 * mm, "|g_m|²")
      expectClose(sample.squaresConditional, groupwise(c, c), absolute: 1e-8 * cc, "|g_c|²")

      func scored(_ values: [Double]) -> [Double] {
        values.indices.map { $0 < setting.firstScored ? .nan : values[$0] }
      }
      expectClose(sample.logMarginal, scored(marginal.logs), absolute: 1e-12, "log π(y_t | n)")
      expectClose(
        sample.logConditional, scored(conditional.logs), absolute: 1e-12, "log π(y_t | x)")
    }
  }

  /// Entropies from the log-probabilities of all tokens of the vocabulary. 1e-12: roundings of a sum
  /// over 11 tokens.
  @Test(arguments: Family.allCases, [[1, 4], []] as [[Int32]])
  func entropiesOfEveryToken(family: Family, nullContext: [Int32]) {
    let lab = family.lab
    let rollouts = lab.rollouts(for: nullContext)
    let subject = Subject(rollouts, lab.model, Request(nullContext: nullContext))
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      func entropies(_ context: [Int32]) -> [Double] {
        rollout.responseTokens.indices.map { token in
          nullContext.isEmpty && token == 0
            ? .nan
            : lab.reference.entropy(after: context + rollout.responseTokens.prefix(token))
        }
      }
      expectClose(sample.entropyMarginal, entropies(nullContext), absolute: 1e-12, "after n")
      expectClose(
        sample.entropyConditional, entropies(rollout.promptTokens), absolute: 1e-12, "after x")
    }
  }

  /// <∇ log π(y_t | n, ·), g_c>, divided by T under `mean`: each from brute force, together the inner
  /// product (1e-12 of the lengths: both are exact products in Double).
  @Test(arguments: Setting.all)
  func tokenProductsAreTheTokensOwnAndAddUp(setting: Setting) {
    let lab = setting.family.lab
    let rollouts = lab.rollouts(for: setting.nullContext)
    let subject = Subject(
      rollouts, lab.model,
      Request(nullContext: setting.nullContext, mean: setting.mean, tokenProducts: true))
    for (rollout, sample) in zip(rollouts, subject.measure(Array(rollouts.indices))) {
      let marginal = lab.table(setting.nullContext, rollout.responseTokens)
      let conditional = lab.table(rollout.promptTokens, rollout.responseTokens)
      let weights = setting.weights(rollout.responseTokens.count)
      let c = combination(conditional.gradients, weights, count: lab.model.layout.count)
      let expected = rollout.responseTokens.indices.map { token in
        token < setting.firstScored
          ? .nan : weights[token] * dot(marginal.gradients[token], c)
      }
      let lengths = sample.row.normMarginal * sample.row.normConditional
      expectClose(sample.tokenProducts, expected, absolute: 1e-8 * lengths, "token products")
      expectClose(
        sample.tokenProducts.reduce(0) { $0 + ($1.isNaN ? 0 : $1) }, sample.row.inner,
        absolute: 1e-12 * lengths, "their sum")
    }
  }
}
