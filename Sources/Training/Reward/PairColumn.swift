// The statistics of a reward model on pairs: each described once, with how it is computed.
import RealModule
import Statistics
import Tasks

/// Pairs of which one response is better, with the rewards of both.
struct JudgedPairs: Sendable {
  let pairs: [PreferencePair]
  /// r_c of each pair.
  let chosen: [Double]
  /// r_r of each pair.
  let rejected: [Double]
  let bootstrap: BootstrapT

  /// Δ = r_c − r_r of each pair.
  var differences: [Double] { zip(chosen, rejected).map { $0 - $1 } }
  var rewards: [Double] { chosen + rejected }
  /// Tokens of each response, in the order of `rewards`.
  var lengths: [Double] {
    (pairs.map(\.chosenTokens) + pairs.map(\.rejectedTokens)).map { Double($0.count) }
  }
  /// How many tokens longer the chosen response is.
  var lengthDifferences: [Double] {
    pairs.map { Double($0.chosenTokens.count - $0.rejectedTokens.count) }
  }

  fileprivate func sample(_ values: [Double]) -> ClusteredSample {
    // Names are compared by their bytes: canonically equal ones may differ.
    ClusteredSample(values, clusters: pairs.map { Array($0.cluster.utf8) })
  }

  /// The mean over pairs of values between 0 and 1, with its interval over clusters. NaN is left out.
  fileprivate func share(_ values: [Double]) -> Interval {
    values.allSatisfy(\.isNaN) ? .undefined : sample(values).share(bootstrap)
  }

  /// A mean over pairs, with its interval over clusters.
  fileprivate func mean(_ values: [Double]) -> Interval { sample(values).mean(bootstrap) }
}

/// One statistic of a reward model on held-out pairs: name, unit, meaning, and its value.
public struct PairColumn: Sendable {
  public let name: String
  public let units: String
  public let longName: String
  /// Whether there is a 95% interval over clusters.
  public let hasInterval: Bool
  let value: @Sendable (JudgedPairs) -> Interval

  private init(
    _ name: String, units: String = "1", _ longName: String,
    interval value: @escaping @Sendable (JudgedPairs) -> Interval
  ) {
    (self.name, self.units, self.longName) = (name, units, longName)
    hasInterval = true
    self.value = value
  }

  private init(
    _ name: String, units: String = "1", _ longName: String,
    number value: @escaping @Sendable (JudgedPairs) -> Double
  ) {
    (self.name, self.units, self.longName) = (name, units, longName)
    hasInterval = false
    self.value = { Interval(withoutInterval: value($0)) }
  }

  /// All statistics, in the order of files and tables.
  public static let all = [
    PairColumn(
      "accuracy",
      "share of pairs whose chosen response has the larger reward (equal rewards: half)",
      interval: { $0.share($0.differences.map(preference)) }),
    PairColumn(
      "loss", units: "nat", "mean of -log sigmoid of the difference, without margin and centring",
      interval: {
        $0.mean($0.differences.map { BradleyTerry.softplus(-$0) }).within(0...(.infinity))
      }),
    PairColumn(
      "margin", "mean difference between the rewards of chosen and rejected responses",
      interval: { $0.mean($0.differences) }),
    PairColumn(
      "mean_reward", "mean reward of the responses",
      interval: { $0.mean(zip($0.chosen, $0.rejected).map { ($0 + $1) / 2 }) }),
    PairColumn(
      "reward_std", "standard deviation of the rewards",
      number: { pairs in
        let center = mean(pairs.rewards)
        return mean(pairs.rewards.map { ($0 - center) * ($0 - center) }).squareRoot()
      }),
    PairColumn("min_reward", "smallest reward", number: { $0.rewards.min() ?? .nan }),
    PairColumn("max_reward", "largest reward", number: { $0.rewards.max() ?? .nan }),
    PairColumn(
      "confidence", "mean probability that the model gives to the response it prefers",
      interval: { $0.share($0.confidences) }),
    PairColumn(
      "calibration_error",
      "mean distance of confidence and accuracy within ten classes of confidence",
      number: { $0.calibrationError }),
    PairColumn(
      "longer_preferred", "share of pairs whose longer response has the larger reward",
      interval: { pairs in
        pairs.share(
          zip(pairs.differences, pairs.lengthDifferences).map {
            $1 == 0 ? .nan : preference($0 * $1)
          })
      }),
    PairColumn(
      "longer_chosen", "share of pairs whose longer response is the chosen one",
      interval: { pairs in
        pairs.share(pairs.lengthDifferences.map { $0 == 0 ? .nan : preference($0) })
      }),
    PairColumn(
      "length_correlation", "correlation of the rewards with the responses' lengths",
      number: { correlation($0.rewards, $0.lengths) }),
  ]
}

extension JudgedPairs {
  /// σ(|Δ|) of each pair, from ½ to 1.
  fileprivate var confidences: [Double] {
    differences.map { BradleyTerry.logistic(abs($0)) }
  }

  /// Σ_k n_k / n · |accuracy_k − confidence_k| over ten classes of equal width (Guo et al., 1706.04599).
  fileprivate var calibrationError: Double {
    var classes = [(count: Double, right: Double, sum: Double)](repeating: (0, 0, 0), count: 10)
    for (difference, confidence) in zip(differences, confidences) {
      let place = min(9, max(0, Int((confidence - 0.5) * 20)))
      classes[place].count += 1
      classes[place].right += preference(difference)
      classes[place].sum += confidence
    }
    return classes.reduce(0) { $0 + abs($1.right - $1.sum) } / Double(pairs.count)
  }
}
