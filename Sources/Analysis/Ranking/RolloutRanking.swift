// Which rollouts and problems of training move the held-out reward, with intervals and nulls.
import KeyedRandom
import Statistics
import StrictJSON
import Tables
import Tasks

/// The scores of rollouts of training and of their problems.
///
/// A rollout's score is the rise of the mean held-out reward for each unit of learning rate when it is learned from
/// with its advantage, r − mean of its group, to first order. A problem's is the mean of its rollouts' scores, and the
/// mean over all rollouts that of learning from all of them. Intervals are 95%, Student's over the parts of the held-out
/// rollouts: they say how far scores depend on the held-out problems, not on the choice of the rollouts of training.
public struct RolloutRanking: Sendable {
  /// The way along which a rollout is learned from.
  public enum Metric: String, CaseIterable, Sendable {
    /// Plain gradient steps.
    case gradient
    /// Steps of Adam, with the second moments of batches of the rollouts of training.
    case step

    /// How keys of files begin.
    var prefix: String { self == .gradient ? "" : "step_" }
    var title: String { self == .gradient ? "gradient steps" : "steps of Adam" }
  }

  /// A problem and its rollouts.
  public struct Problem: Sendable {
    public let id: String
    /// Indices of its rollouts.
    public let members: [Int]
    public let meanReward: Double
    /// The variance of their rewards.
    public let rewardVariance: Double
  }

  /// Score of each rollout with the gradient of each held-out part; nil in groups of one. (N, K)
  private let values: [Metric: [[Double]?]]
  /// Scores with the gradient of shuffled held-out rewards. (N)
  private let shuffledHeldOut: [Double]
  /// A_i cos(g_i, G). (N)
  private let cosines: [Double]
  private let rewards: [Double]
  /// A_i and <g_i, G> of each rollout. (N)
  private let advantages: [Double]
  private let products: [Metric: [Double]]
  private let key: RandomKey
  private let partMean: StudentMean
  /// Of each problem.
  private let scores: [Metric: [Interval]]
  public let problems: [Problem]
  /// The place of each rollout's problem; none in groups of one.
  private let problemOfRollout: [Int: Int]
  public let rolloutCount: Int
  public let heldOutCount: Int

  /// - Parameters:
  ///   - ranked: Rollouts of groups that have different rewards.
  ///   - products: <g_i, ·> of each of them with all directions, and |g_i|².
  ///   - heldOutNorm: |G|
  init(
    plan: AlignmentPlan, advantages: [Double], ranked: [Int], products: [[Double]],
    heldOutNorm: Double, parts: Range<Int>, steps: Range<Int>, shuffled: Int
  ) {
    rolloutCount = plan.heldOutStart
    heldOutCount = plan.rollouts.count - plan.heldOutStart
    key = plan.key("rank").derive("shuffled rewards")
    self.advantages = Array(advantages[..<plan.heldOutStart])
    partMean = StudentMean(of: parts.count)
    let none = [Double](repeating: 0, count: parts.count)
    var values: [Metric: [[Double]?]] = [:]
    var means: [Metric: [Double]] = [:]
    for (metric, range) in [(Metric.gradient, parts), (.step, steps)] {
      values[metric] = self.advantages.map { $0.isNaN ? nil : none }
      means[metric] = [Double](repeating: 0, count: rolloutCount)
      for (index, row) in zip(ranked, products) {
        values[metric]?[index] = row[range].map { advantages[index] * $0 }
        means[metric]?[index] = row[range].reduce(0, +) / Double(range.count)
      }
    }
    self.values = values
    self.products = means
    var chance = [Double](repeating: 0, count: rolloutCount)
    var cosines = chance
    for (index, row) in zip(ranked, products) {
      chance[index] = advantages[index] * row[shuffled]
      let length = (row.last ?? 0).squareRoot() * heldOutNorm
      cosines[index] =
        length > 0 ? advantages[index] * (means[.gradient]?[index] ?? 0) / length : 0
    }
    shuffledHeldOut = chance
    self.cosines = cosines
    rewards = plan.rollouts[..<plan.heldOutStart].map { $0.reward ?? .nan }
    problems = Array(plan.rollouts[..<plan.heldOutStart]).groups.filter { $0.count > 1 }.map {
      let rewards = $0.map { plan.rollouts[$0].reward ?? .nan }
      let mean = rewards.reduce(0, +) / Double(rewards.count)
      return Problem(
        id: plan.rollouts[$0[0]].problemID, members: $0, meanReward: mean,
        rewardVariance: rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
          / Double(rewards.count))
    }
    var places: [Int: Int] = [:]
    for (place, problem) in problems.enumerated() {
      for member in problem.members { places[member] = place }
    }
    problemOfRollout = places
    let (problems, mean) = (problems, partMean)
    scores = values.mapValues { values in
      problems.map { problem in
        mean.interval(columnMeans(problem.members.compactMap { values[$0] }))
      }
    }
  }

  // MARK: - Scores

  /// The score of a rollout; nil in a group of one, where it has no advantage.
  public func score(ofRollout index: Int, _ metric: Metric = .gradient) -> Interval? {
    values[metric]?[index].map(partMean.interval)
  }

  /// Problems whose rollouts have different rewards, places in `problems`; nothing is learned from the others.
  private var mixed: [Int] { problems.indices.filter { problems[$0].rewardVariance > 0 } }

  /// The score of each problem, in the order of `problems`.
  public func problemScores(_ metric: Metric = .gradient) -> [Interval] { scores[metric] ?? [] }

  // MARK: - Statistics

  /// What can be said of the scores along one metric.
  public struct Summary: Sendable {
    public let metric: Metric
    /// The mean score of all rollouts: the rise of the held-out reward for each unit of learning rate.
    public let gain: Interval
    /// The standard deviation of the scores of problems.
    public let spread: Double
    /// The same where the advantages of each group are in another order, the mean of 16 orders.
    public let spreadOfShuffledTraining: Double
    /// The correlation of the scores of problems with those of as many other held-out rollouts.
    public let reliability: Double
    public let rolloutReliability: Double
    /// The correlation of the scores of problems with those of as many other rollouts of the same problems.
    public let repeatability: Double
    /// Problems whose intervals lie above and below 0.
    public let helpful: Int
    public let harmful: Int
    /// Spearman's correlation of scores with the variance of rewards, over problems.
    public let correlationWithVariance: Double
  }

  public func summary(_ metric: Metric) -> Summary {
    let places = mixed
    let scores = places.map { problemScores(metric)[$0] }
    let all = values[metric] ?? []
    let rows = all.compactMap(\.self)
    return Summary(
      metric: metric, gain: partMean.interval(columnMeans(rows)),
      spread: deviation(scores.map(\.estimate)),
      spreadOfShuffledTraining: spreadOfShuffledTraining(metric),
      reliability: Correlation.reliability(
        places.map { columnMeans(problems[$0].members.compactMap { all[$0] }) }),
      rolloutReliability: Correlation.reliability(rows.filter { $0.contains { $0 != 0 } }),
      repeatability: repeatability(metric),
      helpful: scores.count { $0.low > 0 }, harmful: scores.count { $0.high < 0 },
      correlationWithVariance: Correlation.spearman(
        scores.map(\.estimate), places.map { problems[$0].rewardVariance }))
  }

  /// The spread of scores of problems with the gradient of shuffled held-out rewards: what noise alone makes.
  public var spreadOfShuffledHeldOut: Double {
    deviation(
      mixed.map { problems[$0] }.map { problem in
        problem.members.reduce(0) { $0 + shuffledHeldOut[$1] } / Double(problem.members.count)
      })
  }

  private func spreadOfShuffledTraining(_ metric: Metric) -> Double {
    let products = products[metric] ?? []
    let orders = 16
    let spreads = (0..<orders).map { number in
      var random = key.derive(UInt64(number)).generator()
      return deviation(
        mixed.map { problems[$0] }.map { problem in
          var order = problem.members
          random.shuffle(&order)
          return zip(problem.members, order).reduce(0) { $0 + advantages[$1.1] * products[$1.0] }
            / Double(order.count)
        })
    }
    return spreads.reduce(0, +) / Double(orders)
  }

  /// From halves of each problem's rollouts, with advantages of their own; the mean of 16 ways to halve them.
  private func repeatability(_ metric: Metric) -> Double {
    let products = products[metric] ?? []
    let ways = 16
    let correlations = (0..<ways).map { number in
      var random = key.derive("halves").derive(UInt64(number)).generator()
      var halves: ([Double], [Double]) = ([], [])
      for problem in mixed.map({ problems[$0] }) where problem.members.count >= 4 {
        var order = problem.members
        random.shuffle(&order)
        func score(_ members: ArraySlice<Int>) -> Double {
          let own = AdvantageScheme.groupCentered.advantages(of: members.map { rewards[$0] })
          return zip(members, own).reduce(0) { $0 + $1.1 * products[$1.0] } / Double(own.count)
        }
        halves.0.append(score(order[..<(order.count / 2)]))
        halves.1.append(score(order[(order.count / 2)...]))
      }
      return halves.0.count > 2 ? Correlation.pearson(halves.0, halves.1) : .nan
    }
    return Correlation.steppedUp(correlations.reduce(0, +) / Double(ways))
  }

  private func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  // MARK: - Reports

  /// What is known of a rollout: `score`, `low`, `high`, the same along Adam's step and of its problem, and its advantage
  /// times the cosine of its gradient with the held-out one; null in a group of one.
  public func members(ofRollout index: Int) -> [(key: String, value: JSON)] {
    var members: [(key: String, value: JSON)] = []
    for metric in Metric.allCases {
      let own = score(ofRollout: index, metric) ?? .undefined
      let problem = problemOfRollout[index].map { problemScores(metric)[$0] } ?? .undefined
      for (unit, interval) in [("", own), ("problem_", problem)] {
        let name = unit + metric.prefix
        members.append((name + "score", .real(interval.estimate)))
        members.append((name + "low", .real(interval.low)))
        members.append((name + "high", .real(interval.high)))
      }
    }
    members.append(("weighted_cosine", .real(advantages[index].isNaN ? .nan : cosines[index])))
    return members
  }

  /// A row for each metric.
  public var table: String {
    var table = TextTable([
      "along", "mean score", "95% interval", "sd of problems", "rewards shuffled",
      "held-out shuffled",
      "reliability", "of rollouts", "repeatable", "above 0", "below 0", "with variance",
    ])
    for metric in Metric.allCases {
      let own = summary(metric)
      table.add([
        metric.title, significant(own.gain.estimate, 3), own.gain.significantEnds(2),
        significant(own.spread, 2), significant(own.spreadOfShuffledTraining, 2),
        metric == .gradient ? significant(spreadOfShuffledHeldOut, 2) : "-",
        fixed(own.reliability, 2), fixed(own.rolloutReliability, 2), fixed(own.repeatability, 2),
        "\(own.helpful)",
        "\(own.harmful)", fixed(own.correlationWithVariance, 2),
      ])
    }
    return table.text
  }

  /// The problems with the highest and lowest scores.
  public func extremes(_ count: Int) -> String {
    let scores = problemScores()
    let order = problems.indices.sorted {
      (scores[$0].estimate, $1) > (scores[$1].estimate, $0)
    }
    let shown =
      order.count <= 2 * count ? order : Array(order.prefix(count) + order.suffix(count))
    var table = TextTable(["problem", "score", "95% interval", "mean reward"])
    for place in shown {
      let (problem, own) = (problems[place], scores[place])
      table.add([
        problem.id, significant(own.estimate, 3), own.significantEnds(2),
        fixed(problem.meanReward, 2),
      ])
    }
    return table.text
  }

  /// What the numbers are made from.
  public var basis: String {
    let equal = problems.count - mixed.count
    return "Scores of \(mixed.count) problems against \(heldOutCount) held-out rollouts"
      + (equal > 0 ? " (\(equal) more whose rewards are all equal teach nothing)" : "")
      + ". About \(significant(0.025 * Double(mixed.count), 2)) intervals lie above 0 by chance, and as many below."
  }

  public var json: JSON {
    var object: JSONObject = [
      "problems": .integer(problems.count), "mixed_problems": .integer(mixed.count),
      "rollouts": .integer(rolloutCount),
      "held_out_rollouts": .integer(heldOutCount),
      "spread_of_shuffled_held_out": .real(spreadOfShuffledHeldOut),
    ]
    for metric in Metric.allCases {
      let own = summary(metric)
      object[metric.rawValue] = [
        "gain": own.gain.json("estimate"), "spread": .real(own.spread),
        "spread_of_shuffled_training": .real(own.spreadOfShuffledTraining),
        "reliability": .real(own.reliability),
        "rollout_reliability": .real(own.rolloutReliability),
        "repeatability": .real(own.repeatability),
        "above_zero": .integer(own.helpful), "below_zero": .integer(own.harmful),
        "correlation_with_reward_variance": .real(own.correlationWithVariance),
      ]
    }
    return .object(object)
  }
}

/// The mean of rows, column by column.
private func columnMeans(_ rows: [[Double]]) -> [Double] {
  guard let first = rows.first else { return [] }
  return first.indices.map { column in
    rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
  }
}
