// Updates on the whole batch: how every algorithm without a critic learns.

/// Makes the objective once and updates on all of it, as often as the configuration says.
final class WholeBatchLearner: PolicyLearner {
  private let parts: LearnerParts

  init(_ parts: LearnerParts) {
    self.parts = parts
  }

  var critic: Critic? { nil }

  func learn(
    from batch: LearningBatch, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (objective: PolicyObjective, updates: PolicyMetrics.Updates) {
    let configuration = parts.configuration
    let objective = configuration.algorithm.objective(of: batch.groups, step: batch.step)
    if objective.startsFreshOptimizer { parts.updater.startAfresh() }
    let reference =
      objective.loss.usesReference
      ? try parts.reference?.scores(of: objective, threads: parts.threads) : nil
    let count = configuration.updatesPerBatch
    var old: [[Double]]?
    var updates = PolicyMetrics.Updates(metricCount: configuration.algorithm.metrics.count)
    for update in 0..<count {
      // In the first update the policy is the old one: its own log-probabilities are the old ones.
      let report = try parts.updater.accumulate(
        objective, old: old, reference: reference, step: batch.step)
      if update == 0 { old = report.logProbabilities }
      let likelihood = try parts.updater.addLikelihood(step: batch.step)
      // A batch from which nothing is to be learned leaves the moments alone, too.
      let norm =
        objective.isActive || parts.updater.alwaysMoves
        ? try parts.updater.update(learningRate: batch.learningRate, step: batch.step)
        : try parts.updater.gradientNorm(step: batch.step)
      updates.add(report, likelihood, gradientNorm: norm, share: 1 / Double(count))
    }
    return (objective, updates)
  }
}
