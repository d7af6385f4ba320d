// What one step optimises: which tokens of which rollouts, with which advantages, in which space.
import ModelCore
import Tasks

/// The objective of a batch, complete before any token is scored: weights have the denominators of
/// the whole batch.
///
///   objective = coefficient · Σ_i w_i Σ_{t scored and kept} −loss(A_it, log π_it, log π_old,it)
public struct PolicyObjective: Sendable {
  public let space: Space
  /// All rollouts of the batch, group after group.
  public let rollouts: [RewardedRollout]
  /// The place of each of these rollouts in the batch that was sampled, for errors.
  let places: [Int]
  /// A_it.
  public let advantages: [TokenAdvantages]
  /// Weight of each kept token of rollout i, the coefficient included; 0 for rollouts left out.
  public let tokenWeights: [Double]
  /// Scored tokens of rollout i that take part.
  public let keptCounts: [Int]
  /// Whether the step starts with fresh moments of the optimizer.
  public let startsFreshOptimizer: Bool
  private let settings: LossSettings
  private let keeping: @Sendable (Double) -> Bool
  /// What is scored of each rollout.
  private let sequences: [ScoredSequence]

  /// An objective with one advantage a rollout, which all its tokens share.
  public init(
    _ groups: [RolloutGroup], space: Space, advantages: [Double],
    keeping: @escaping @Sendable (Double) -> Bool = { _ in true }, coefficient: Double = 1,
    _ settings: LossSettings, startsFreshOptimizer: Bool = false
  ) {
    self.init(
      groups, space: space, tokenAdvantages: advantages.map { .rollout($0) }, keeping: keeping,
      coefficient: coefficient, settings, startsFreshOptimizer: startsFreshOptimizer)
  }

  /// - Parameters:
  ///   - tokenAdvantages: One a rollout, in the order of the groups.
  ///   - masks: For each rollout, which tokens of y may be scored; nil for the policy's own ones.
  ///   - keeping: Which advantages take part; tokens with others count in no denominator. They are
  ///     scored all the same, so that entropies are those of all tokens.
  ///   - coefficient: Factor of the whole objective.
  ///   - places: Where the rollouts are a part of a batch, the place of each in it.
  public init(
    _ groups: [RolloutGroup], space: Space, tokenAdvantages: [TokenAdvantages],
    masks: [[Bool]]? = nil, keeping: @escaping @Sendable (Double) -> Bool = { _ in true },
    coefficient: Double = 1, _ settings: LossSettings, startsFreshOptimizer: Bool = false,
    places: [Int]? = nil
  ) {
    let rollouts = groups.flatMap(\.rollouts)
    precondition(tokenAdvantages.count == rollouts.count, "advantages of every rollout")
    precondition(masks.map { $0.count == rollouts.count } ?? true, "a mask for every rollout")
    self.space = space
    self.rollouts = rollouts
    self.places = places ?? Array(rollouts.indices)
    self.settings = settings
    self.keeping = keeping
    self.startsFreshOptimizer = startsFreshOptimizer
    advantages = tokenAdvantages
    let contexts = groups.flatMap { group in
      group.rollouts.map { rollout in
        space == .postTrain
          ? rollout.prompt : group.drawnContext ?? settings.nullContext.tokens ?? []
      }
    }
    let first = settings.scoresFirstToken ? 0 : 1
    sequences = rollouts.indices.map { index in
      let response = rollouts[index].response
      guard let mask = masks?[index] ?? rollouts[index].isOwn else {
        return ScoredSequence(context: contexts[index], response: response, firstScored: first)
      }
      precondition(mask.count == response.count, "a mask has a value for every token")
      return ScoredSequence(
        context: contexts[index], response: response,
        scored: mask.indices.filter { mask[$0] && $0 >= first })
    }
    keptCounts = zip(sequences, tokenAdvantages).map { sequence, advantages in
      if case .rollout(let advantage) = advantages {
        return keeping(advantage) ? sequence.scoredCount : 0
      }
      return sequence.scoredPositions.count { keeping(advantages[$0]) }
    }
    tokenWeights = settings.aggregation.tokenWeights(lengths: keptCounts).map { coefficient * $0 }
  }

  /// The loss that the objective is minus of.
  public var loss: any PolicyLoss { settings.loss }

  /// What is scored of a rollout: y after the space's context, the end token included.
  public func sequence(_ index: Int) -> ScoredSequence { sequences[index] }

  /// Whether any rollout has a gradient.
  public var isActive: Bool { rollouts.indices.contains(where: isActive) }

  /// Whether a rollout has a gradient at all.
  public func isActive(_ index: Int) -> Bool {
    guard tokenWeights[index] != 0 else { return false }
    if settings.loss.movesWithoutAdvantage { return true }
    if case .rollout(let advantage) = advantages[index] { return advantage != 0 }
    return sequences[index].scoredPositions.contains {
      keeping(advantages[index][$0]) && advantages[index][$0] != 0
    }
  }

  /// The loss of a rollout: its value, its derivatives by the scored tokens' log-probabilities, and
  /// the sums of the loss's metrics.
  ///
  /// - Parameters:
  ///   - logProbabilities: log π of the scored tokens.
  ///   - old: The same under the policy that the batch began with.
  ///   - reference: The same under the reference; empty unless the loss uses it.
  public func terms(
    _ index: Int, logProbabilities: [Double], old: [Double], reference: [Double] = []
  ) -> LossTerms {
    let values = sequences[index].scoredPositions.map { advantages[index][$0] }
    return settings.loss.terms(
      LossTokens(
        logProbabilities: logProbabilities, old: old, reference: reference, advantages: values,
        weights: values.map { keeping($0) ? tokenWeights[index] : 0 }))
  }
}
