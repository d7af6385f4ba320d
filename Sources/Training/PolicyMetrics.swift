// What one step reports, under TRL's names where TRL has one.
import Tasks

/// The metrics of a step, in the order of `variables`. None depends on time or threads.
public struct PolicyMetrics: Sendable {
  /// Name, unit and meaning of every metric.
  public static let variables: [(name: String, units: String, longName: String)] = [
    ("loss", "1", "loss of the step, minus the clipped objective"),
    ("reward", "1", "mean reward of the rollouts"),
    ("reward_std", "1", "mean over problems of the standard deviation of rewards"),
    ("frac_reward_zero_std", "1", "share of problems whose rollouts have equal rewards"),
    ("accuracy", "1", "share of rollouts with reward 1"),
    ("completions/mean_length", "token", "mean length of the responses"),
    ("completions/min_length", "token", "shortest response"),
    ("completions/max_length", "token", "longest response"),
    ("completions/clipped_ratio", "1", "share of responses that ran out of room"),
    ("ended", "1", "share of responses that end in the end token"),
    ("transitions", "1", "transitions per response"),
    ("reflections", "1", "reflections per response"),
    ("entropy", "nat", "mean entropy of the scored tokens in the space of the update"),
    ("clip_ratio/low_mean", "1", "share of tokens held by the lower limit of the ratio"),
    ("clip_ratio/high_mean", "1", "share of tokens held by the upper limit of the ratio"),
    ("kept_ratio", "1", "share of rollouts that take part in the loss"),
    ("grad_norm", "1", "norm of the gradient before clipping"),
    ("learning_rate", "1", "learning rate"),
    ("num_tokens", "token", "tokens of prompts and responses so far"),
  ]

  /// Counted from 1.
  public let step: Int
  /// One value a variable.
  public let values: [Double]

  /// The value of a metric by its name.
  public subscript(name: String) -> Double? {
    Self.variables.firstIndex { $0.name == name }.map { values[$0] }
  }

  /// What the updates of a step add up to: means over them.
  struct Updates {
    var loss = 0.0
    var entropy = 0.0
    var clippedLow = 0.0
    var clippedHigh = 0.0
    var gradientNorm = 0.0
  }

  init(
    step: Int, problems: [CountdownProblem], objective: PolicyObjective, groups: [RolloutGroup],
    updates: Updates, learningRate: Double, tokenCount: Int
  ) {
    self.step = step
    let rollouts = objective.rollouts
    let count = Double(rollouts.count)
    func mean(_ value: (ScoredRollout) -> Double) -> Double {
      rollouts.reduce(0) { $0 + value($1) } / count
    }
    var moves = CountdownMoves()
    for (problem, group) in zip(problems, groups) {
      for rollout in group.rollouts { moves.add(rollout.response, of: problem) }
    }
    let deviations = groups.map { standardDeviation($0.rewards) }
    let lengths = rollouts.map(\.response.count)
    let ended = mean { $0.ended ? 1 : 0 }
    let kept = objective.tokenWeights.count { $0 != 0 }
    values = [
      updates.loss, mean(\.reward), deviations.reduce(0, +) / Double(groups.count),
      Double(deviations.count { $0 == 0 }) / Double(groups.count),
      mean { $0.reward >= 1 ? 1 : 0 }, Double(lengths.reduce(0, +)) / count,
      Double(lengths.min() ?? 0), Double(lengths.max() ?? 0), 1 - ended, ended,
      Double(moves.transitions) / count, Double(moves.reflections) / count, updates.entropy,
      updates.clippedLow, updates.clippedHigh, Double(kept) / count, updates.gradientNorm,
      learningRate, Double(tokenCount),
    ]
  }
}
