// A step of PPO: values, rewards and advantages of a batch, then passes of minibatches over it.
import KeyedRandom
import ModelCore
import Tasks

/// Learns a policy with an advantage for every token, and the critic that the advantages come from.
final class ActorCriticLearner: PolicyLearner {
  private let algorithm: PPO
  private let parts: LearnerParts
  private let policyScorer: SequenceScorer<Float>
  private let key: RandomKey
  let critic: Critic?

  init(_ algorithm: PPO, _ parts: LearnerParts) {
    self.algorithm = algorithm
    self.parts = parts
    let configuration = parts.configuration
    policyScorer = SequenceScorer(parts.updater.model)
    key = RandomKey(seed: configuration.seed).derive("actor-critic")
    critic =
      algorithm.estimator == .gae
      ? Critic(
        algorithm.critic, policy: parts.updater.model,
        rolloutCount: configuration.problemsPerStep * configuration.rolloutsPerProblem,
        optimizer: configuration.optimizer, maximumNorm: configuration.maximumGradientNorm,
        key: key.derive("value head"), threads: parts.threads) : nil
  }

  /// What the updates of a step need of each rollout. Values, returns and advantages are those of the policy's own
  /// tokens.
  private struct Evidence {
    /// V before each token; without a critic 0.
    var values: [[Double]]
    /// R of each token, for the critic.
    var returns: [[Double]] = []
    /// A of each token, whitened.
    var advantages: [[Double]] = []
    /// log π of the scored tokens in the space of the update, before the first update; nil where the
    /// step has a single update.
    var old: [[Double]]?
    /// The same under the reference; nil for a loss that does not use it.
    var reference: [[Double]]?
  }

  func learn(
    from batch: LearningBatch, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (objective: PolicyObjective, updates: PolicyMetrics.Updates) {
    var metrics = ActorCriticMetrics()
    let rollouts = batch.groups.flatMap(\.rollouts)
    // The states are those of the process, prompt included, in whatever space the policy is updated.
    let states = rollouts.map { $0.state() }
    var evidence = try evidence(batch, rollouts, states, &metrics, shouldStop)
    let objective = algorithm.objective(
      of: batch.groups, advantages: zip(rollouts, evidence.advantages).map { $0.spread($1) })
    let passes = parts.configuration.updatesPerBatch
    if passes * algorithm.minibatches > 1 {
      evidence.old = try policyScorer.scores(of: objective, threads: parts.threads)
    }
    if objective.loss.usesReference {
      evidence.reference = try parts.reference?.scores(of: objective, threads: parts.threads)
    }
    let hasCritic = critic != nil
    var updates = PolicyMetrics.Updates(metricCount: algorithm.metrics.count)
    let share = 1 / Double(passes * min(algorithm.minibatches, rollouts.count))
    for pass in 0..<passes {
      for minibatch in minibatches(rollouts.count, step: batch.step, pass: pass) {
        try update(
          on: minibatch, of: batch, states, evidence, share: share, &updates, &metrics)
      }
    }
    let own = metrics.values(hasCritic: hasCritic)
    let first = updates.metrics.count - own.count
    for (place, value) in own.enumerated() { updates.metrics[first + place] = value }
    return (objective, updates)
  }

  // MARK: - Advantages

  private func evidence(
    _ batch: LearningBatch, _ rollouts: [RewardedRollout], _ states: [ScoredSequence],
    _ metrics: inout ActorCriticMetrics, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> Evidence {
    let responses = responses(batch)
    let (values, valuesAfterLast) = try values(rollouts, states)
    let logRatios = try logRatios(states)
    let rewards = rollouts.indices.map { index in
      let rollout = rollouts[index]
      return rollout.folded(
        algorithm.rewards.rewards(
          of: rollout, logRatios: rollout.spread(logRatios?[index] ?? []),
          steps: algorithm.rewards.placement == .end
            ? nil : parts.task.steps(of: responses[index]), discount: algorithm.discount))
    }
    var evidence = Evidence(values: values)
    let advantages: [[Double]]
    switch algorithm.estimator {
    case .gae:
      advantages = rollouts.indices.map { index in
        algorithm.advantageEstimation(length: rewards[index].count).advantages(
          rewards: rewards[index], values: values[index], valueAfterLast: valuesAfterLast[index])
      }
      let estimation = GeneralizedAdvantage(
        discount: algorithm.discount, lambda: algorithm.criticLambda)
      evidence.returns = rollouts.indices.map { index in
        let own = estimation.advantages(
          rewards: rewards[index], values: values[index], valueAfterLast: valuesAfterLast[index])
        return zip(own, values[index]).map { $0 + $1 }
      }
    case .leaveOneOut:
      let sums = rewards.map { $0.reduce(0, +) }
      var place = 0
      advantages = batch.groups.flatMap { group in
        let own = Array(sums[place..<place + group.rollouts.count])
        place += group.rollouts.count
        return AdvantageScheme.leaveOneOut.advantages(of: own)
      }.enumerated().map { index, advantage in rewards[index].map { _ in advantage } }
    case .continuations:
      advantages = try continuationAdvantages(batch, responses, rewards, shouldStop)
    }
    evidence.advantages = algorithm.whitening.whitened(advantages)
    describe(
      batch, rollouts, rewards, advantages, logRatios, evidence, &metrics)
    return evidence
  }

  private func responses(_ batch: LearningBatch) -> [TaskResponse] {
    zip(batch.problems, batch.groups).flatMap { problem, group in
      group.rollouts.map { TaskResponse(problem: problem, tokens: $0.response) }
    }
  }

  /// V before each token, and after the last one of a response that was cut off.
  private func values(
    _ rollouts: [RewardedRollout], _ states: [ScoredSequence]
  ) throws -> (values: [[Double]], afterLast: [Double]) {
    guard let critic else {
      return (rollouts.map { $0.ownPlaces.map { _ in 0 } }, rollouts.map { _ in 0 })
    }
    guard algorithm.rewards.truncation == .bootstrap else {
      return (try critic.values(states), rollouts.map { _ in 0 })
    }
    let values = try critic.values(rollouts.map { $0.state(withEnd: !$0.ended) })
    return (
      zip(values, rollouts).map { $1.ended ? $0 : $0.dropLast() },
      zip(values, rollouts).map { $1.ended ? 0 : $0[$0.count - 1] }
    )
  }

  /// log π − log π_ref of every own token after its prompt; nil without a penalty in the reward.
  private func logRatios(_ states: [ScoredSequence]) throws -> [[Double]]? {
    guard algorithm.rewards.penalty > 0, let reference = parts.reference else { return nil }
    let own = try policyScorer.tokenLogProbabilities(states, threads: parts.threads)
    let other = try reference.tokenLogProbabilities(states, threads: parts.threads)
    return zip(own, other).map { zip($0, $1).map { $0 - $1 } }
  }

  /// Advantages from the mean rewards of continuations.
  private func continuationAdvantages(
    _ batch: LearningBatch, _ responses: [TaskResponse], _ rewards: [[Double]],
    _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> [[Double]] {
    let places = responses.map { algorithm.continuations.states($0, of: parts.task) }
    let model = parts.updater.model
    let values = try algorithm.continuations.values(
      of: responses, states: places, task: parts.task, model: model,
      options: parts.configuration.samplingOptions(model),
      key: key.derive("continuations").derive(UInt64(batch.step)), threads: parts.threads,
      shouldStop: shouldStop, score: algorithm.rewards.score)
    return responses.indices.map { index in
      ContinuationValues.advantages(
        rewards: rewards[index], states: places[index], values: values[index].map(\.mean),
        discount: algorithm.discount)
    }
  }

  private func describe(
    _ batch: LearningBatch, _ rollouts: [RewardedRollout], _ rewards: [[Double]],
    _ advantages: [[Double]], _ logRatios: [[Double]]?, _ evidence: Evidence,
    _ metrics: inout ActorCriticMetrics
  ) {
    let count = Double(rollouts.count)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    metrics.score = mean(rollouts.map { algorithm.rewards.score(of: $0) })
    metrics.otherReward = mean(rewards.map { $0.reduce(0, +) }) - metrics.score
    let estimator = algorithm.rewards.estimator
    metrics.divergence =
      (logRatios ?? []).reduce(0) { $0 + $1.reduce(0) { $0 + estimator.value($1) } } / count
    metrics.advantageDeviation = standardDeviation(advantages.flatMap { $0 })
    guard critic != nil else { return }
    metrics.valueMean = mean(evidence.values.flatMap { $0 })
    metrics.returnMean = mean(evidence.returns.flatMap { $0 })
    var place = 0
    metrics.explainedVariance = ActorCriticMetrics.explainedVariance(
      batch.groups.map { group in
        let own = place..<place + group.rollouts.count
        place = own.upperBound
        return (
          evidence.values[own].flatMap { $0 }, evidence.returns[own].flatMap { $0 }
        )
      })
  }

  // MARK: - Updates

  /// The rollouts of each minibatch of a pass: all in order, or equal parts of a keyed permutation.
  private func minibatches(_ count: Int, step: Int, pass: Int) -> [[Int]] {
    guard algorithm.minibatches > 1 else { return [Array(0..<count)] }
    var order = Array(0..<count)
    var generator = key.derive("minibatches").derive(UInt64(step), UInt64(pass)).generator()
    generator.shuffle(&order)
    let parts = min(algorithm.minibatches, count)
    return (0..<parts).map { Array(order[$0 * count / parts..<($0 + 1) * count / parts]) }
  }

  private func update(
    on minibatch: [Int], of batch: LearningBatch, _ states: [ScoredSequence],
    _ evidence: Evidence, share: Double, _ updates: inout PolicyMetrics.Updates,
    _ metrics: inout ActorCriticMetrics
  ) throws {
    func part<Value>(_ values: [Value]) -> [Value] { minibatch.map { values[$0] } }
    let rollouts = batch.groups.flatMap(\.rollouts)
    let isWarmUp = critic != nil && batch.step <= algorithm.critic.warmUpSteps
    // Groups of one keep their context; advantages are made already.
    let groups = batch.groups.flatMap { group in
      group.rollouts.map { RolloutGroup([$0], drawnContext: group.drawnContext) }
    }
    let objective = PolicyObjective(
      part(groups), space: algorithm.space,
      tokenAdvantages: minibatch.map { .tokens(rollouts[$0].spread(evidence.advantages[$0])) },
      algorithm.loss, places: minibatch)
    let report = try parts.updater.accumulate(
      objective, old: evidence.old.map(part), reference: evidence.reference.map(part),
      needsGradient: !isWarmUp, step: batch.step)
    let likelihood = isWarmUp ? nil : try parts.updater.addLikelihood(step: batch.step)
    if let critic {
      let found = try critic.accumulate(
        part(states), old: part(evidence.values), targets: part(evidence.returns))
      metrics.valueLoss += found.loss * share
      metrics.clippedShare += found.clippedShare * share
      if critic.settings.trunk == .shared, !isWarmUp {
        critic.withTrunkGradient {
          parts.updater.add($0, scaledBy: critic.settings.coefficient)
        }
      }
      metrics.gradientNorm +=
        try critic.update(
          learningRate: criticRate(batch), step: batch.step) * share
    }
    var norm = 0.0
    // A batch from which nothing is to be learned leaves the moments alone, too.
    let moves =
      objective.isActive || parts.updater.alwaysMoves || critic?.settings.trunk == .shared
    if !isWarmUp, moves {
      norm = try parts.updater.update(learningRate: batch.learningRate, step: batch.step)
    }
    updates.add(report, likelihood, gradientNorm: norm, share: share)
  }

  /// The critic's rate: a multiple of the policy's, or its own along the policy's schedule.
  private func criticRate(_ batch: LearningBatch) -> Double {
    guard let own = algorithm.critic.learningRate else {
      return batch.learningRate * algorithm.criticRateRatio
    }
    var schedule = parts.configuration.schedule
    schedule.peak = own
    return schedule.rate(at: batch.step - 1)
  }
}

extension RewardedRollout {
  /// The process's states: the prompt and the tokens before each own token.
  ///
  /// - Parameter isExtended: Whether the state after the last token is there, too. A token behind it, whichever, has
  ///   that state's value at its row.
  fileprivate func state(withEnd isExtended: Bool = false) -> ScoredSequence {
    guard isOwn != nil || isExtended else {
      return ScoredSequence(context: prompt, response: response)
    }
    return ScoredSequence(
      context: prompt, response: response + (isExtended ? [0] : []),
      scored: ownPlaces + (isExtended ? [response.count] : []))
  }

  /// Rewards of all tokens as rewards of the own ones: what others' tokens earn belongs to the own token before them.
  fileprivate func folded(_ rewards: [Double]) -> [Double] {
    guard isOwn != nil else { return rewards }
    let places = ownPlaces
    return places.enumerated().map { index, place in
      let next = index + 1 < places.count ? places[index + 1] : rewards.count
      return rewards[place..<next].reduce(0, +)
    }
  }

  /// Values of the own tokens at their places among all tokens, 0 at the others'; none for none.
  fileprivate func spread(_ values: [Double]) -> [Double] {
    guard isOwn != nil, !values.isEmpty else { return values }
    var all = [Double](repeating: 0, count: response.count)
    for (place, value) in zip(ownPlaces, values) { all[place] = value }
    return all
  }
}
