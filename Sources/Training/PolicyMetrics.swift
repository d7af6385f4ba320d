// What one step reports, under TRL's names where TRL has one.
import Tasks

/// The metrics of a step, in the order of their columns. None depends on time or threads.
public struct PolicyMetrics: Sendable {
  /// A metric: its description, and how it follows from a step.
  public struct Column: Sendable {
    public let name: String
    public let units: String
    public let longName: String
    /// Whether it is the verifier's, so that tasks without one do not have it.
    let isVerified: Bool
    let value: @Sendable (Step) -> Double

    init(
      _ name: String, units: String = "1", _ longName: String, isVerified: Bool = false,
      _ value: @escaping @Sendable (Step) -> Double
    ) {
      self.name = name
      self.units = units
      self.longName = longName
      self.isVerified = isVerified
      self.value = value
    }
  }

  /// What metrics are computed from.
  struct Step: Sendable {
    let number: Int
    let problems: [TaskProblem]
    let groups: [RolloutGroup]
    let objective: PolicyObjective
    let updates: Updates
    let learningRate: Double
    let tokenCount: Int
  }

  /// What the updates of a step add up to: means over them.
  struct Updates {
    var loss = 0.0
    var entropy = 0.0
    /// In the order of the algorithm's metrics, its loss's first.
    var metrics: [Double]
    var gradientNorm = 0.0
    var likelihoodLoss = Mean()
    var likelihoodCosine = Mean()

    /// A mean over the updates that have the quantity; NaN without any.
    struct Mean {
      private var sum = 0.0
      private var weight = 0.0

      mutating func add(_ value: Double, _ share: Double) {
        guard value.isFinite else { return }
        sum += value * share
        weight += share
      }

      var value: Double { weight > 0 ? sum / weight : .nan }
    }

    /// Nothing yet, for so many metrics.
    init(metricCount: Int) {
      metrics = Array(repeating: 0, count: metricCount)
    }

    /// Counts an update with its share of the mean.
    mutating func add(
      _ report: PolicyGradient<Float>.Report, _ likelihood: PolicyUpdater.LikelihoodReport?,
      gradientNorm norm: Double, share: Double
    ) {
      if let likelihood {
        likelihoodLoss.add(likelihood.loss, share)
        likelihoodCosine.add(likelihood.cosine, share)
      }
      loss += report.loss * share
      entropy += report.entropy * share
      gradientNorm += norm * share
      for (metric, value) in report.metrics.enumerated() { metrics[metric] += value * share }
    }
  }

  /// Counted from 1.
  public let step: Int
  public let columns: [Column]
  /// One value a column.
  public let values: [Double]

  init(_ columns: [Column], _ step: Step) {
    self.step = step.number
    self.columns = columns
    values = columns.map { $0.value(step) }
  }

  /// The value of a metric by its name.
  public subscript(name: String) -> Double? {
    columns.firstIndex { $0.name == name }.map { values[$0] }
  }

  // MARK: - Columns

  /// The metrics of a run: those that all runs have, the task's and the algorithm's.
  ///
  /// - Parameter hasRewardModel: Whether `reward` is a reward model's, so that the verifier's is another.
  public static func columns(
    _ task: any PolicyTask, _ configuration: PolicyConfiguration, hasRewardModel: Bool = false
  ) -> [Column] {
    let columns =
      [
        Column("loss", "loss of the step, minus the clipped objective") { $0.updates.loss },
        Column("reward", "mean reward of the rollouts") { $0.mean(\.reward) },
        Column("reward_std", "mean over problems of the standard deviation of rewards") {
          $0.deviations.reduce(0, +) / Double($0.groups.count)
        },
        Column("frac_reward_zero_std", "share of problems whose rollouts have equal rewards") {
          Double($0.deviations.count { $0 == 0 }) / Double($0.groups.count)
        },
        Column("accuracy", "share of rollouts that the verifier gives reward 1", isVerified: true) {
          $0.mean { $0.verifiedReward >= 1 ? 1 : 0 }
        },
        Column("completions/mean_length", units: "token", "mean length of the responses") {
          Double($0.lengths.reduce(0, +)) / Double($0.lengths.count)
        },
        Column("completions/min_length", units: "token", "shortest response") {
          Double($0.lengths.min() ?? 0)
        },
        Column("completions/max_length", units: "token", "longest response") {
          Double($0.lengths.max() ?? 0)
        },
        Column("completions/clipped_ratio", "share of responses that ran out of room") {
          1 - $0.mean { $0.ended ? 1 : 0 }
        },
        Column("ended", "share of responses that end in the end token") {
          $0.mean { $0.ended ? 1 : 0 }
        },
      ]
      + (hasRewardModel
        ? [
          Column(
            "rewards/verifier/mean", "mean reward of the verifier, which nothing learns from",
            isVerified: true
          ) { $0.mean(\.verifiedReward) }
        ] : [])
      + task.statistics.compactMap(column)
      + [
        Column(
          "entropy", units: "nat", "mean entropy of the scored tokens in the space of the update"
        ) { $0.updates.entropy }
      ]
      + configuration.algorithm.metrics.enumerated().map { place, metric in
        Column(metric.name, units: metric.units, metric.longName) {
          $0.updates.metrics[place]
        }
      }
      + (configuration.likelihood == nil ? [] : ofLikelihood)
      + (configuration.imagination == nil ? [] : ofImagination)
      + [
        Column("kept_ratio", "share of rollouts that take part in the loss") {
          Double($0.objective.tokenWeights.count { $0 != 0 }) / Double($0.lengths.count)
        },
        Column("grad_norm", "norm of the gradient before clipping") { $0.updates.gradientNorm },
        Column("learning_rate", "learning rate") { $0.learningRate },
        Column("num_tokens", units: "token", "tokens of prompts and responses so far") {
          Double($0.tokenCount)
        },
      ]
    return columns.filter { task.hasVerifier || !$0.isVerified }
  }

  /// Of runs with a second objective.
  private static let ofLikelihood = [
    Column(
      "likelihood/loss", units: "nat", "mean loss of a token of others in logged conversations"
    ) { $0.updates.likelihoodLoss.value },
    Column(
      "likelihood/cosine",
      "cosine of the gradient of this loss and that of the policy's, means over the updates"
    ) { $0.updates.likelihoodCosine.value },
  ]

  /// Of runs with imagined conversations.
  private static let ofImagination = [
    Column(
      "real/reward", "mean reward of the verifier for conversations with the environment",
      isVerified: true
    ) {
      $0.mean(where: { !$0.isImagined }) { rollout, _ in rollout.verifiedReward }
    },
    Column("real/answers", "answers of the environment in this step") {
      $0.sum(where: { !$0.isImagined }) { _, record in Double(record.answerCount) }
    },
    Column(
      "imagined/reward", "mean reward of the verifier for imagined conversations", isVerified: true
    ) {
      $0.mean(where: \.isImagined) { rollout, _ in rollout.verifiedReward }
    },
    Column("imagined/answers", "imagined answers in this step") {
      $0.sum(where: \.isImagined) { _, record in Double(record.answerCount) }
    },
    Column(
      "imagined/stray_ratio",
      "share of imagined conversations that end in an answer that the environment cannot give"
    ) { $0.mean(where: \.isImagined) { _, record in record.isStray ? 1 : 0 } },
    Column(
      "imagined/disagreement", units: "nat",
      "disagreement of the models that imagine, summed over a conversation's answers"
    ) { $0.mean(where: \.isImagined) { _, record in record.disagreement } },
  ]

  /// The metric of a task's statistic; only means per response are worth following step by step.
  private static func column(_ statistic: TaskStatistic) -> Column? {
    guard case .mean(let value) = statistic.kind else { return nil }
    return Column(statistic.name, units: statistic.units, statistic.longName) { step in
      var sum = 0.0
      for (problem, group) in zip(step.problems, step.groups) {
        for rollout in group.rollouts {
          sum += value(TaskResponse(problem: problem, tokens: rollout.response))
        }
      }
      return sum / Double(step.lengths.count)
    }
  }
}

extension PolicyMetrics.Step {
  fileprivate var deviations: [Double] { groups.map { standardDeviation($0.rewards) } }
  fileprivate var lengths: [Int] { objective.rollouts.map(\.response.count) }

  fileprivate func mean(_ value: (RewardedRollout) -> Double) -> Double {
    objective.rollouts.reduce(0) { $0 + value($1) } / Double(objective.rollouts.count)
  }

  /// The sum over the conversations of a kind.
  fileprivate func sum(
    where isOfKind: (ConversationRecord) -> Bool,
    _ value: (RewardedRollout, ConversationRecord) -> Double
  ) -> Double {
    objective.rollouts.reduce(0) { sum, rollout in
      guard let record = rollout.conversation, isOfKind(record) else { return sum }
      return sum + value(rollout, record)
    }
  }

  /// The mean over them; NaN without any.
  fileprivate func mean(
    where isOfKind: (ConversationRecord) -> Bool,
    _ value: (RewardedRollout, ConversationRecord) -> Double
  ) -> Double {
    sum(where: isOfKind, value) / sum(where: isOfKind) { _, _ in 1 }
  }
}
