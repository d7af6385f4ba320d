// What one step optimises: which rollouts, with which advantages, in which space.
import ModelCore
import Tasks

/// The objective of a batch, complete before any token is scored: weights have the denominators of
/// the whole batch.
///
///   objective = coefficient · Σ_i w_i Σ_t surrogate(A_i, log π_it, log π_old,it)
public struct PolicyObjective: Sendable {
  public let space: Space
  /// All rollouts of the batch, group after group.
  public let rollouts: [RewardedRollout]
  /// A_i.
  public let advantages: [Double]
  /// Weight of each token of rollout i, the coefficient included; 0 for rollouts left out.
  public let tokenWeights: [Double]
  /// Whether the step starts with fresh moments of the optimizer.
  public let startsFreshOptimizer: Bool
  private let settings: LossSettings
  /// What stands before y, one a rollout.
  private let contexts: [[Int32]]

  /// - Parameters:
  ///   - advantages: One a rollout, in the order of the groups.
  ///   - keeping: Which advantages take part; the others count in no denominator.
  ///   - coefficient: Factor of the whole objective.
  public init(
    _ groups: [RolloutGroup], space: Space, advantages: [Double],
    keeping: (Double) -> Bool = { _ in true }, coefficient: Double = 1, _ settings: LossSettings,
    startsFreshOptimizer: Bool = false
  ) {
    let rollouts = groups.flatMap(\.rollouts)
    precondition(advantages.count == rollouts.count, "one advantage a rollout")
    self.space = space
    self.rollouts = rollouts
    self.advantages = advantages
    self.settings = settings
    self.startsFreshOptimizer = startsFreshOptimizer
    contexts = groups.flatMap { group in
      group.rollouts.map { rollout in
        space == .postTrain
          ? rollout.prompt : group.drawnContext ?? settings.nullContext.tokens ?? []
      }
    }
    var lengths = [Int](repeating: 0, count: rollouts.count)
    for index in lengths.indices where keeping(advantages[index]) {
      lengths[index] = Self.sequence(rollouts[index], contexts[index], settings).scoredCount
    }
    tokenWeights = settings.aggregation.tokenWeights(lengths: lengths).map { coefficient * $0 }
  }

  /// What is scored of a rollout: all of y after the space's context, the end token included.
  public func sequence(_ index: Int) -> ScoredSequence {
    Self.sequence(rollouts[index], contexts[index], settings)
  }

  private static func sequence(
    _ rollout: RewardedRollout, _ context: [Int32], _ settings: LossSettings
  ) -> ScoredSequence {
    ScoredSequence(
      context: context, response: rollout.response, firstScored: settings.scoresFirstToken ? 0 : 1)
  }

  /// Whether a rollout has a gradient at all.
  public func isActive(_ index: Int) -> Bool {
    tokenWeights[index] != 0 && advantages[index] != 0
  }

  /// Loss of a rollout (minus its share of the objective), its derivatives by the tokens'
  /// log-probabilities, and the numbers of tokens held by the lower and the upper limit.
  ///
  /// - Parameters:
  ///   - logProbabilities: log π of the scored tokens.
  ///   - old: The same under the policy that the batch began with.
  public func loss(
    _ index: Int, logProbabilities: some Collection<Double>, old: some Collection<Double>
  ) -> (loss: Double, slopes: [Double], low: Int, high: Int) {
    precondition(logProbabilities.count == old.count, "one old log-probability a token")
    var loss = 0.0
    var slopes: [Double] = []
    slopes.reserveCapacity(old.count)
    var (low, high) = (0, 0)
    let weight = tokenWeights[index]
    for (logProbability, old) in zip(logProbabilities, old) {
      let token = settings.clip.token(
        advantage: advantages[index], logProbability: logProbability, old: old)
      loss -= weight * token.objective
      slopes.append(-weight * token.slope)
      if weight != 0, token.region == .low { low += 1 }
      if weight != 0, token.region == .high { high += 1 }
    }
    return (loss, slopes, low, high)
  }
}
