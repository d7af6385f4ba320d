// What a policy is worth along its training, on problems that stay the same.
import KeyedRandom
import ModelCore
import Statistics
import Tables
import Tasks

/// Evaluates policies on held-out problems, against the base that training started from.
public struct PolicyEvaluator {
  /// A statistic with its value.
  public typealias Value = (column: EvaluationColumn, interval: Interval)

  private let configuration: PolicyConfiguration
  private let task: any PolicyTask
  private let threads: Int
  private let rewardModels: RewardEnsemble?
  private let userModels: [Transformer<Float>]
  private let shouldStop: @Sendable () -> Bool
  private let base: Transformer<Float>
  /// The problem of each response: `evaluation_samples` in a row have the same.
  private let problems: [TaskProblem]
  private let columns: [EvaluationColumn]
  /// Rollouts of the base, which later policies score.
  private let baseResponses: [PolicyResponse]
  /// Rewards of the base's rollouts.
  private let baseRewards: [Double]
  private let documents: [ScoredSequence]

  /// Samples the base on the held-out problems: draws that neither seed nor run changes.
  ///
  /// - Parameters:
  ///   - task: The configuration's task, opened for the model.
  ///   - base: The policy that training started from; nobody may change it meanwhile.
  ///   - rewardModels: Score responses beside the verifier; nil for none.
  ///   - userModels: Answer the policy where the task has no environment; without any the policy answers itself.
  ///   - shouldStop: Asked now and then while responses are judged.
  /// - Throws: What the task's verifier throws; `CancellationError` where it is stopped.
  public init(
    _ configuration: PolicyConfiguration, _ task: any PolicyTask, base: Transformer<Float>,
    rewardModels: RewardEnsemble? = nil, userModels: [Transformer<Float>] = [], threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    self.configuration = configuration
    self.task = task
    self.base = base
    self.threads = threads
    self.rewardModels = rewardModels
    self.userModels = userModels
    self.shouldStop = shouldStop
    columns = EvaluationColumn.all(task, hasRewardModel: rewardModels != nil)
    problems = task.heldOut(configuration.evaluationProblems).flatMap {
      repeatElement($0, count: configuration.evaluationSamples)
    }
    baseResponses = try Self.sample(
      configuration, task, base, userModels, problems, step: 0, threads: threads)
    baseRewards = try Self.rewards(task, problems, baseResponses, shouldStop)
    documents = task.documents.map { tokens in
      ScoredSequence(context: [tokens[0]], response: Array(tokens.dropFirst()))
    }
  }

  /// The statistics with the ends of their intervals, as they are written.
  static func variables(
    _ task: any PolicyTask, hasRewardModel: Bool
  ) -> [(name: String, units: String, longName: String)] {
    EvaluationColumn.all(task, hasRewardModel: hasRewardModel).flatMap { column in
      Interval.parts.prefix(column.hasInterval ? 3 : 1).map { part in
        let words = part.words.isEmpty ? "" : part.words + " of the 95% interval"
        return (column.name + part.suffix, column.units, column.longName + words)
      }
    }
  }

  private static func sample(
    _ configuration: PolicyConfiguration, _ task: any PolicyTask, _ model: Transformer<Float>,
    _ userModels: [Transformer<Float>], _ problems: [TaskProblem], step: Int, threads: Int
  ) throws -> [PolicyResponse] {
    let key = RandomKey(seed: configuration.seed).derive("evaluation").derive(UInt64(step))
    let keys = (0..<configuration.evaluationSamples).map { sample in
      sample == 0 ? key : key.derive("sample").derive(UInt64(sample))
    }
    var partner: any ConversationPartner = RealPartner()
    if !(task is any InteractiveTask), let imagination = configuration.imagination {
      partner = ImaginedPartner(
        settings: imagination, models: userModels.isEmpty ? [model] : userModels)
    }
    return try model.respond(
      to: problems.enumerated().map { place, problem in
        let (index, sample) = place.quotientAndRemainder(dividingBy: keys.count)
        return (problem, keys[sample].derive(UInt64(index)))
      }, of: task, configuration.samplingOptions(model), partner: partner, threads: threads)
  }

  private static func rewards(
    _ task: any PolicyTask, _ problems: [TaskProblem], _ responses: [PolicyResponse],
    _ shouldStop: @Sendable () -> Bool
  ) throws -> [Double] {
    let judged = zip(problems, responses).map { TaskResponse(problem: $0, tokens: $1.tokens) }
    return try task.verify(judged, shouldStop: shouldStop).map { $0?.reward ?? 0 }
  }

  /// The statistics of the policy after a step; at step 0 the policy is the base.
  ///
  /// - Throws: What the task's verifier throws; `CancellationError` where it is stopped.
  public func evaluate(_ model: Transformer<Float>, step: Int) throws -> [Value] {
    let responses =
      step == 0
      ? baseResponses
      : try Self.sample(
        configuration, task, model, userModels, problems, step: step, threads: threads)
    let evaluated = EvaluatedPolicy(
      problems: problems, rewardRange: task.rewardRange, samples: configuration.evaluationSamples,
      responses: responses,
      rewards: step == 0 ? baseRewards : try Self.rewards(task, problems, responses, shouldStop),
      modelRewards: try rewardModels?.rewards(
        of: zip(problems, responses).map { ($0.promptTokens, $1.tokens, $1.isOwn) }) ?? [],
      scores: try scores(model, responses, isBase: step == 0),
      bootstrap: BootstrapT(key: RandomKey(seed: configuration.seed).derive("bootstrap")))
    return columns.map { ($0, $0.value(evaluated)) }
  }

  private func scores(
    _ model: Transformer<Float>, _ responses: [PolicyResponse], isBase: Bool
  ) throws -> EvaluatedPolicy.Scores {
    // Where the null context is drawn for each problem, the marginal is that of a bare document.
    let nullContext = configuration.algorithm.loss.nullContext.documentStart(task)
    func sequences(_ responses: [PolicyResponse], prompted: Bool) -> [ScoredSequence] {
      zip(problems, responses).map {
        $1.sequence(after: prompted ? $0.promptTokens : nullContext)
      }
    }
    let scorer = SequenceScorer(model)
    let own = sequences(responses, prompted: true)
    let ownScores = try scorer.logProbabilities(own, threads: threads)
    let baseScores =
      isBase ? ownScores : try SequenceScorer(base).logProbabilities(own, threads: threads)
    func perToken(_ sequences: [ScoredSequence]) throws -> Double {
      let total = try scorer.logProbabilities(sequences, threads: threads).reduce(0, +)
      return total / Double(sequences.reduce(0) { $0 + $1.scoredCount })
    }
    func ofBase(right: Bool, prompted: Bool) throws -> Double {
      try perToken(
        zip(sequences(baseResponses, prompted: prompted), baseRewards)
          .filter { ($0.1 >= 1) == right && $0.0.scoredCount > 0 }.map(\.0))
    }
    return EvaluatedPolicy.Scores(
      // y ~ π(·|x): the mean of log π − log π_base is unbiased.
      divergence: zip(ownScores, baseScores).reduce(0) { $0 + $1.0 - $1.1 }
        / Double(responses.count),
      documentLoss: -(try perToken(documents)),
      rightMarginal: try ofBase(right: true, prompted: false),
      rightConditional: try ofBase(right: true, prompted: true),
      wrongMarginal: try ofBase(right: false, prompted: false),
      wrongConditional: try ofBase(right: false, prompted: true))
  }
}
