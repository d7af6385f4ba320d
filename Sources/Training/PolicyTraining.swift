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
  private let rewardModels: RewardEnsemble?
  /// Answers in imagined conversations.
  private let imagined: ImaginedPartner?
  private let updater: PolicyUpdater
  private let learner: any PolicyLearner
  private let threads: Int
  private let key: RandomKey

  /// A run at its beginning, from the model's present parameters.
  ///
  /// - Parameters:
  ///   - task: The configuration's task, opened for the model; `configuration.obstacle` must be nil.
  ///   - reference: The policy that training started from, a model of its own; only algorithms that
  ///     `usesReference` need it.
  ///   - rewardModels: Give the rewards that the policy learns from, in the verifier's place.
  ///   - userModels: Play the environment in imagined conversations and stay as they are; without any the policy plays
  ///     it itself.
  public init(
    _ configuration: PolicyConfiguration, task: any PolicyTask, model: Transformer<Float>,
    reference: Transformer<Float>? = nil, rewardModels: RewardEnsemble? = nil,
    userModels: [Transformer<Float>] = [], threads: Int
  ) {
    precondition(
      reference != nil || !configuration.algorithm.usesReference,
      "the algorithm needs a reference")
    let obstacle = configuration.obstacle(model.configuration, task)
    precondition(obstacle == nil, obstacle ?? "")
    self.configuration = configuration
    self.task = task
    self.model = model
    self.rewardModels = rewardModels
    imagined = configuration.imagination.map {
      ImaginedPartner(settings: $0, models: userModels.isEmpty ? [model] : userModels)
    }
    self.threads = threads
    step = 0
    tokenCount = 0
    key = RandomKey(seed: configuration.seed).derive("policy")
    updater = PolicyUpdater(model, configuration, task, key: key, threads: threads)
    learner = configuration.algorithm.learner(
      LearnerParts(
        configuration: configuration, task: task, updater: updater,
        reference: reference.map { SequenceScorer($0) }, threads: threads))
  }

  /// Bytes of the gradients that a run holds for a batch.
  public static func gradientByteCount(
    _ configuration: PolicyConfiguration, _ layout: ParameterLayout, threads: Int
  ) -> Double {
    let models = (configuration.algorithm as? any AlgorithmWithLearner)?.trainedModelCount ?? 1
    let likelihood = configuration.likelihood.map {
      LikelihoodTerm.byteCount($0, layout, threads: threads)
    }
    return (likelihood ?? 0) + Double(models)
      * PolicyGradient<Float>.byteCount(
        layout, rolloutCount: configuration.problemsPerStep * configuration.rolloutsPerProblem,
        threads: threads)
  }

  /// Takes a saved run's place in time; the model is as it was saved.
  ///
  /// - Throws: `SafetensorsError` or `OptimizerError` for a file that is no optimizer of this model.
  public func restore(optimizer path: String, step: Int, tokenCount: Int) throws {
    try updater.load(optimizer: path)
    self.step = step
    self.tokenCount = tokenCount
  }

  /// Writes both moments of the optimizer.
  public func saveOptimizer(to path: String) throws {
    try updater.optimizer.save(to: path)
  }

  /// Writes the critic as a Hugging Face folder with its optimizer; nil for algorithms without one.
  public var saveCritic: ((String) throws -> Void)? { learner.critic?.save }

  /// Takes a saved critic's place; does nothing for algorithms without one.
  ///
  /// - Throws: `OutputError` for a folder that holds no critic of this run.
  public func restoreCritic(from folder: String) throws {
    try learner.critic?.restore(from: folder)
  }

  /// The problems of a step, counted from 1; those of imagined conversations come first.
  public func problems(ofStep step: Int) -> [TaskProblem] {
    var problems = task.problems(
      ofStep: step, count: configuration.problemsPerStep, key: key.derive("problems"))
    if let imagination = configuration.imagination, imagination.start == .logged,
      let task = task as? any ImaginableTask
    {
      let key = key.derive("imagination").derive(UInt64(step))
      for place in 0..<imagination.count(of: problems.count) {
        problems[place] = imagination.beginning(of: task, key: key.derive(UInt64(place)))
      }
    }
    return problems
  }

  /// Samples the rollouts of a step under the present policy, with the rewards that it learns from.
  ///
  /// - Throws: What the task's verifier throws; `CancellationError` when it was stopped.
  public func sample(
    _ problems: [TaskProblem], step: Int, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [RolloutGroup] {
    let key = key.derive("rollout").derive(UInt64(step))
    var groups = try RolloutGroup.sample(
      problems, of: task, from: model, configuration, imagined: imagined, key: key,
      threads: threads, shouldStop: shouldStop)
    if let rewardModels { try groups.replaceRewards(by: rewardModels) }
    if let penalty = configuration.imagination?.disagreementPenalty, penalty > 0 {
      groups.penalizeDisagreement(penalty)
    }
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
  public func advance(shouldStop: @escaping @Sendable () -> Bool = { false }) throws
    -> PolicyMetrics
  {
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
    let rate = configuration.schedule.rate(at: step)
    let (objective, updates) = try learner.learn(
      from: LearningBatch(
        step: next, problems: problems, groups: groups, learningRate: rate),
      shouldStop: shouldStop)
    durations = (sampled - start, ContinuousClock.now - sampled)
    step = next
    tokenCount += objective.rollouts.reduce(0) { $0 + $1.prompt.count + $1.response.count }
    return PolicyMetrics(
      PolicyMetrics.columns(task, configuration, hasRewardModel: rewardModels != nil),
      PolicyMetrics.Step(
        number: next, problems: problems, groups: groups, objective: objective, updates: updates,
        learningRate: rate, tokenCount: tokenCount))
  }
}
