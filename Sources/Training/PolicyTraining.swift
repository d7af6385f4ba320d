// A reinforcement-learning run, one step at a time:
// sample, reward, advantages, clipped policy gradient, AdamW.
//
// Every random number is keyed by (seed, step, problem, sample, token), so a run is the model, the
// optimizer and the number of the last step: nothing else has to be saved.
import KeyedRandom
import ModelCore
import Tasks

/// A run of `PolicyConfiguration`.
public final class PolicyTraining {
  public let configuration: PolicyConfiguration
  /// The task, opened for the model.
  public let task: any PolicyTask
  /// The policy; a step changes it.
  public let model: Transformer<Float>
  /// Steps made.
  public private(set) var step: Int
  /// Tokens of prompts and responses so far.
  public private(set) var tokenCount: Int
  /// Where the last step spent its time.
  public private(set) var durations = (sampling: Duration.zero, update: Duration.zero)
  private var optimizer: AdamW
  private let policyGradient: PolicyGradient<Float>
  private let reference: SequenceScorer<Float>?
  private let threads: Int
  private let key: RandomKey

  /// A run at its beginning, from the model's present parameters.
  ///
  /// - Parameters:
  ///   - task: The configuration's task, opened for the model; `configuration.obstacle` must be nil.
  ///   - reference: The policy that training started from, a model of its own; only losses that
  ///     `usesReference` need it.
  public init(
    _ configuration: PolicyConfiguration, task: any PolicyTask, model: Transformer<Float>,
    reference: Transformer<Float>? = nil, threads: Int
  ) {
    precondition(
      reference != nil || !configuration.algorithm.loss.loss.usesReference,
      "the loss needs a reference")
    let obstacle = configuration.obstacle(model.configuration, task)
    precondition(obstacle == nil, obstacle ?? "")
    self.configuration = configuration
    self.task = task
    self.reference = reference.map { SequenceScorer($0) }
    self.model = model
    self.threads = threads
    step = 0
    tokenCount = 0
    key = RandomKey(seed: configuration.seed).derive("policy")
    optimizer = AdamW(model.layout, settings: configuration.optimizer)
    policyGradient = PolicyGradient(
      model, rolloutCount: configuration.problemsPerStep * configuration.rolloutsPerProblem)
  }

  /// Takes a saved run's place in time; the model is as it was saved.
  ///
  /// - Throws: `SafetensorsError` or `OptimizerError` for a file that is no optimizer of this model.
  public func restore(optimizer path: String, step: Int, tokenCount: Int) throws {
    try optimizer.load(path)
    self.step = step
    self.tokenCount = tokenCount
  }

  /// Writes both moments of the optimizer.
  public func saveOptimizer(to path: String) throws {
    try optimizer.save(to: path)
  }

  /// The problems of a step, counted from 1.
  public func problems(ofStep step: Int) -> [TaskProblem] {
    task.problems(
      ofStep: step, count: configuration.problemsPerStep, key: key.derive("problems"))
  }

  /// Samples the rollouts of a step under the present policy, with the rewards that it learns from.
  ///
  /// - Throws: What the task's verifier throws; `CancellationError` when it was stopped.
  public func sample(
    _ problems: [TaskProblem], step: Int, shouldStop: @Sendable () -> Bool = { false }
  ) throws -> [RolloutGroup] {
    let key = key.derive("rollout").derive(UInt64(step))
    var groups = try RolloutGroup.sample(
      problems, of: task, from: model, configuration, key: key, threads: threads,
      shouldStop: shouldStop)
    let context = configuration.algorithm.loss.nullContext
    for (index, problem) in problems.enumerated() {
      groups[index].drawnContext = try context.drawn(
        for: problem, of: task, key: key.derive("null context").derive(UInt64(index)))
      let rewards = configuration.rewards.rewards(
        groups[index].rewards, key: key.derive("rewards").derive(UInt64(index)))
      for (place, reward) in rewards.enumerated() {
        groups[index].rollouts[place].reward = reward
      }
    }
    return groups
  }

  /// One step: one batch of rollouts and the updates on it.
  ///
  /// - Parameter shouldStop: Asked now and then while responses are judged.
  /// - Throws: `TrainingError` where a logit, a loss or a gradient is not finite; the model then has the
  ///   parameters of the updates before. `CancellationError` when it was stopped: no step was made.
  public func advance(shouldStop: @Sendable () -> Bool = { false }) throws -> PolicyMetrics {
    let next = step + 1
    let start = ContinuousClock.now
    let problems = problems(ofStep: next)
    let groups: [RolloutGroup]
    do {
      groups = try sample(problems, step: next, shouldStop: shouldStop)
    } catch let error as NonFiniteError {
      throw TrainingError(step: next, what: error.what)
    }
    let sampled = ContinuousClock.now
    let objective = configuration.algorithm.objective(of: groups, step: next)
    if objective.startsFreshOptimizer {
      optimizer = AdamW(model.layout, settings: configuration.optimizer)
    }
    let rate = configuration.schedule.rate(at: step)
    let updates = try update(objective, learningRate: rate, step: next)
    durations = (sampled - start, ContinuousClock.now - sampled)
    step = next
    tokenCount += objective.rollouts.reduce(0) { $0 + $1.prompt.count + $1.response.count }
    return PolicyMetrics(
      PolicyMetrics.columns(task, configuration.algorithm.loss.loss),
      PolicyMetrics.Step(
        number: next, problems: problems, groups: groups, objective: objective, updates: updates,
        learningRate: rate, tokenCount: tokenCount))
  }

  /// log π_ref of the scored tokens of every rollout; nil for losses that do not ask.
  private func referenceScores(_ objective: PolicyObjective) throws -> [[Double]]? {
    guard let reference, objective.loss.usesReference else { return nil }
    var scores = [[Double]](repeating: [], count: objective.rollouts.count)
    let scored = scores.indices.filter { objective.sequence($0).scoredCount > 0 }
    let found = try reference.tokenLogProbabilities(
      scored.map(objective.sequence), threads: threads)
    for (index, values) in zip(scored, found) { scores[index] = values }
    return scores
  }

  private func update(
    _ objective: PolicyObjective, learningRate: Double, step: Int
  ) throws -> PolicyMetrics.Updates {
    let count = configuration.updatesPerBatch
    var old: [[Double]]?
    var updates = PolicyMetrics.Updates(
      lossMetrics: Array(repeating: 0, count: type(of: objective.loss).metrics.count))
    let reference = try referenceScores(objective)
    for update in 0..<count {
      // In the first update the policy is the old one: its own log-probabilities are the old ones.
      let report = try policyGradient.accumulate(
        objective, old: old, reference: reference, threads: threads)
      if update == 0 { old = report.logProbabilities }
      if let index = report.losses.firstIndex(where: { !$0.isFinite }) {
        let place = index.quotientAndRemainder(dividingBy: configuration.rolloutsPerProblem)
        throw TrainingError(step: step, rollout: (place.quotient, place.remainder))
      }
      let norm = policyGradient.gradient.values.norm()
      guard norm.isFinite else { throw TrainingError(step: step) }
      // A batch from which nothing is to be learned leaves the moments alone, too.
      if objective.rollouts.indices.contains(where: objective.isActive) {
        let limit = configuration.maximumGradientNorm
        model.withParameters { parameters in
          optimizer.update(
            &parameters, gradient: policyGradient.gradient.values,
            scale: norm > limit ? limit / norm : 1, learningRate: learningRate,
            threads: threads)
        }
      }
      updates.loss += report.loss / Double(count)
      updates.entropy += report.entropy / Double(count)
      for (metric, value) in report.metrics.enumerated() {
        updates.lossMetrics[metric] += value / Double(count)
      }
      updates.gradientNorm += norm / Double(count)
    }
    return updates
  }
}
