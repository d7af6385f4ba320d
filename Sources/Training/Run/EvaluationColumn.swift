// The statistics of an evaluation along training: each described once, with how it is computed.
import ModelCore
import Statistics
import Tasks

/// What an evaluation is computed from.
struct EvaluatedPolicy: Sendable {
  /// Log-probabilities of the policy, in nats.
  struct Scores: Sendable {
    /// Mean over responses of log π(y|x) − log π_base(y|x).
    let divergence: Double
    /// Minus the log-probability per token of the task's documents; NaN without any.
    let documentLoss: Double
    /// Per token, of the base's responses that are right or wrong, after the null context (marginal)
    /// or their prompts (conditional); NaN without any.
    let rightMarginal: Double
    let rightConditional: Double
    let wrongMarginal: Double
    let wrongConditional: Double
  }

  /// The problem of each response.
  let problems: [TaskProblem]
  /// The task's possible rewards.
  let rewardRange: ClosedRange<Double>
  /// Responses to each problem, which lie in a row.
  let samples: Int
  let responses: [PolicyResponse]
  let rewards: [Double]
  /// Rewards of the run's reward models; empty without any.
  let modelRewards: [Double]
  let scores: Scores
  let bootstrap: BootstrapT

  /// The responses as tasks count them.
  fileprivate var judged: [TaskResponse] {
    zip(problems, responses).map { TaskResponse(problem: $0, tokens: $1.tokens) }
  }

  /// The mean over responses of values between 0 and 1, with its interval over clusters.
  fileprivate func share(_ values: [Double]) -> Interval {
    ClusteredSample(values, clusters: problems.map(\.cluster)).share(bootstrap)
  }

  /// A mean over responses with its interval over clusters, cut to the possible values.
  fileprivate func mean(
    _ values: [Double], weights: [Double]? = nil, in range: ClosedRange<Double> = 0...(.infinity)
  ) -> Interval {
    ClusteredSample(values, clusters: problems.map(\.cluster), weights: weights).mean(bootstrap)
      .within(range)
  }
}

/// One statistic: name, unit, meaning, and its value; those of held-out problems have an interval over
/// clusters.
public struct EvaluationColumn: Sendable {
  public let name: String
  public let units: String
  public let longName: String
  public let hasInterval: Bool
  let value: @Sendable (EvaluatedPolicy) -> Interval

  private init(
    _ name: String, units: String = "1", _ longName: String,
    interval value: @escaping @Sendable (EvaluatedPolicy) -> Interval
  ) {
    (self.name, self.units, self.longName) = (name, units, longName)
    hasInterval = true
    self.value = value
  }

  private init(
    _ name: String, units: String = "1", _ longName: String,
    number value: @escaping @Sendable (EvaluatedPolicy) -> Double
  ) {
    (self.name, self.units, self.longName) = (name, units, longName)
    hasInterval = false
    self.value = { Interval(withoutInterval: value($0)) }
  }

  /// The statistics of a task, in the order of files.
  static func all(_ task: any PolicyTask, hasRewardModel: Bool) -> [EvaluationColumn] {
    let own = task.statistics
    let isGraded = task.rewardRange != 0...1
    return (task.hasVerifier ? [isGraded ? rightShare : accuracy, accuracyNoise] : [])
      + (task.hasVerifier && isGraded ? [reward] : [])
      + (hasRewardModel ? [modelReward] : [])
      + own.compactMap(mean) + [responseLength, ended] + own.compactMap(share) + [divergence]
      + (task.documents.isEmpty ? [] : [documentLoss])
      + own.compactMap(overall) + (task.hasVerifier ? logProbabilities : [])
  }

  // MARK: - Of responses

  private static let accuracy = EvaluationColumn(
    "accuracy", "share of right responses", interval: { $0.share($0.rewards) })

  /// Of tasks whose rewards are no shares.
  private static let rightShare = EvaluationColumn(
    "accuracy", "share of responses with reward 1",
    interval: { $0.share($0.rewards.map { $0 >= 1 ? 1 : 0 }) })

  private static let modelReward = EvaluationColumn(
    "reward_model", "mean reward of a response by the reward models that the policy learns from",
    interval: { $0.mean($0.modelRewards, in: -(.infinity)...(.infinity)) })

  private static let reward = EvaluationColumn(
    "reward", "mean reward of a response", interval: { $0.mean($0.rewards, in: $0.rewardRange) })

  /// √(Σ_j s_j²/n) / J over J problems, s_j² the variance of the rewards of problem j's n responses.
  private static let accuracyNoise = EvaluationColumn(
    "accuracy_noise",
    "standard deviation that sampling the responses to these problems gives the accuracy",
    number: { policy in
      let count = policy.samples
      guard count > 1 else { return .nan }
      // That of the share of right responses where rewards are graded.
      let values =
        policy.rewardRange == 0...1 ? policy.rewards : policy.rewards.map { $0 >= 1 ? 1 : 0 }
      let squares = stride(from: 0, to: values.count, by: count).map { start in
        let own = values[start..<start + count]
        let mean = own.reduce(0, +) / Double(count)
        return own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
      }
      return (squares.reduce(0, +) / Double(count)).squareRoot() / Double(squares.count)
    })

  private static let responseLength = EvaluationColumn(
    "response_length", units: "token", "length of a response",
    interval: { policy in policy.mean(policy.responses.map { Double($0.tokens.count) }) })

  private static let ended = EvaluationColumn(
    "ended", "share of responses that end in the end token",
    interval: { policy in policy.share(policy.responses.map { $0.ended ? 1 : 0 }) })

  private static func mean(_ statistic: TaskStatistic) -> EvaluationColumn? {
    guard case .mean(let value) = statistic.kind else { return nil }
    return EvaluationColumn(
      statistic.name, units: statistic.units, statistic.longName,
      interval: { $0.mean($0.judged.map(value)) })
  }

  /// Every part of a whole weighs the same; a response without any has no share.
  private static func share(_ statistic: TaskStatistic) -> EvaluationColumn? {
    guard case .share(let value) = statistic.kind else { return nil }
    return EvaluationColumn(
      statistic.name, units: statistic.units, statistic.longName,
      interval: { policy in
        let shares = policy.judged.map(value)
        return policy.mean(
          shares.map { $0.part / $0.whole }, weights: shares.map(\.whole), in: 0...1)
      })
  }

  private static func overall(_ statistic: TaskStatistic) -> EvaluationColumn? {
    guard case .overall(let value) = statistic.kind else { return nil }
    return EvaluationColumn(
      statistic.name, units: statistic.units, statistic.longName, number: { value($0.judged) })
  }

  // MARK: - Of log-probabilities

  private static let divergence = EvaluationColumn(
    "kl_to_base", units: "nat", "estimated KL divergence of a response from the base",
    number: { $0.scores.divergence })

  private static let documentLoss = EvaluationColumn(
    "pretraining_loss", units: "nat", "loss per token on documents of the pretraining corpus",
    number: { $0.scores.documentLoss })

  private static let logProbabilities = [
    EvaluationColumn(
      "logp_right_marginal", units: "nat",
      "log-probability per token of the base's right responses after the null context",
      number: { $0.scores.rightMarginal }),
    EvaluationColumn(
      "logp_right_conditional", units: "nat",
      "log-probability per token of the base's right responses after their prompts",
      number: { $0.scores.rightConditional }),
    EvaluationColumn(
      "logp_wrong_marginal", units: "nat",
      "log-probability per token of the base's wrong responses after the null context",
      number: { $0.scores.wrongMarginal }),
    EvaluationColumn(
      "logp_wrong_conditional", units: "nat",
      "log-probability per token of the base's wrong responses after their prompts",
      number: { $0.scores.wrongConditional }),
  ]
}
