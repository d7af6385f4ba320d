// The fraction of an update that comes from the first token of each response.
//
// log P(y) depends on how a document begins, and log P(y|x) hardly does. So in the null-context
// space one token can dominate a batch gradient. The fraction of rule u is <u_1, u> / |u|², where
// u_1 is the contribution of the first tokens to u. It is that of one batch, including its noise.
import Analysis
import ModelCore
import Tasks
import Training

enum FirstTokenShare {
  /// One fraction for each of `UpdateVector.rules`; NaN if a batch gradient is 0.
  static func measure(
    _ groups: [RolloutGroup], model: Transformer<Float>, nullContext: [Int32], threads: Int
  ) throws -> [Double] {
    let firstTokens = groups.map { group in
      RolloutGroup(
        group.rollouts.map { rollout in
          var rollout = rollout
          rollout.response = [rollout.response[0]]
          return rollout
        })
    }
    let count = UpdateVector.basisNames.count
    let set = GradientSet<Float>(model.layout, count: 2 * count)
    try add(groups, to: set, at: 0, model, nullContext, threads)
    try add(firstTokens, to: set, at: count, model, nullContext, threads)
    let products = set.products(0..<2 * count, 0..<count)
    // Both are means over their own tokens, and the fraction needs their sums.
    let rollouts = groups.flatMap(\.rollouts)
    let scale = Double(rollouts.count) / Double(rollouts.reduce(0) { $0 + $1.response.count })
    return UpdateVector.rules.map { rule in
      let terms = UpdateVector.basisNames.enumerated().compactMap { index, name in
        rule.coefficients[name].map { (index, $0) }
      }
      func sum(from row: Int) -> Double {
        var sum = 0.0
        for (a, weight) in terms {
          for (b, other) in terms { sum += weight * other * products[(row + a) * count + b] }
        }
        return sum
      }
      return scale * sum(from: count) / sum(from: 0)
    }
  }

  /// Adds C, D and U in both spaces, in the order of `UpdateVector.basisNames`.
  private static func add(
    _ groups: [RolloutGroup], to set: GradientSet<Float>, at first: Int,
    _ model: Transformer<Float>, _ nullContext: [Int32], _ threads: Int
  ) throws {
    let policyGradient = PolicyGradient(
      model, rolloutCount: groups.reduce(0) { $0 + $1.rollouts.count })
    let settings = LossSettings(nullContext: .tokens(nullContext))
    let advantages = AdvantageScheme.groupCentered.advantages(of: groups)
    var row = first
    for space in [Space.preTrain, .postTrain] {
      for weights in [advantages, advantages.map { abs($0) }, advantages.map { _ in 1 }] {
        _ = try policyGradient.accumulate(
          PolicyObjective(groups, space: space, advantages: weights, settings), threads: threads)
        set.add(policyGradient.gradient, to: row)
        row += 1
      }
    }
  }
}
