// What a comparison of runs estimates: means, folds, paired differences, and the seeds that one takes.
import Statistics

extension RunComparison {
  /// A base's values of a statistic at step 0, one a seed: of all runs that started from this model,
  /// whatever their rule.
  private func baseValues(_ base: [String], _ statistic: (Run, Int) -> Double) -> [Double] {
    let runs = entries.flatMap(\.runs).filter { $0.base == base }
    let known = runs.map { (seed: $0.seed, value: statistic($0, 0)) }.filter { $0.value.isFinite }
    return Set(known.map(\.seed)).sorted().map { seed in
      Entry.average(known.filter { $0.seed == seed }.map(\.value))
    }
  }

  /// The mean over seeds divided by the base's mean over seeds, with Student's interval for a ratio of two
  /// independent means (delta method; degrees of freedom by Welch and Satterthwaite).
  static func fold(_ values: [Double], over base: [Double]) -> Interval {
    func meanAndError(_ values: [Double]) -> (mean: Double, square: Double, degrees: Double) {
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, values.count > 1 ? squares / (count - 1) / count : 0, count - 1)
    }
    let (own, other) = (meanAndError(values), meanAndError(base))
    let ratio = own.mean / other.mean
    let parts = (own.square, ratio * ratio * other.square)
    let square = parts.0 + parts.1
    guard values.count > 1, base.count > 1, square > 0, ratio.isFinite else {
      return Interval(withoutInterval: ratio)
    }
    let degrees =
      square * square
      / (parts.0 * parts.0 / own.degrees + parts.1 * parts.1 / other.degrees)
    let half = StudentT.quantile(0.975, degrees: degrees) * square.squareRoot() / abs(other.mean)
    return Interval(estimate: ratio, low: ratio - half, high: ratio + half)
  }

  /// Mean of one number a seed with Student's interval; none for one seed or without spread.
  static func mean(_ values: [Double]) -> Interval {
    let interval = StudentMean(of: values.count).interval(values)
    return interval.low < interval.high
      ? interval : Interval(withoutInterval: interval.estimate)
  }

  // MARK: - Statistics

  /// A column: the value of one run at a step, or its fold change.
  struct Statistic: Sendable {
    let name: String
    let decimals: Int
    let value: @Sendable (Run, Int) -> Double
    /// Whether the value is divided by that of the base, pooled over seeds and runs.
    var isFold = false

    init(_ name: String, _ decimals: Int, _ value: @escaping @Sendable (Run, Int) -> Double) {
      self.name = name
      self.decimals = decimals
      self.value = value
    }

    init(_ name: String, _ decimals: Int, _ key: String) {
      self.init(name, decimals) { $0.value(key, $1) }
    }

    var fold: Statistic {
      var fold = self
      fold.isFold = true
      return fold
    }
  }

  static let statistics: [Statistic] = [
    Statistic("accuracy", 3, "accuracy"), Statistic("transitions", 2, "transitions"),
    Statistic("reflections", 2, "reflections"),
    Statistic("response_length", 1, "response_length"), Statistic("ended", 3, "ended"),
    Statistic("kl_to_base", 2, "kl_to_base"),
    Statistic("pretraining_loss", 3, "pretraining_loss"),
    Statistic("transitions_fold", 1, "transitions").fold,
    Statistic("reflections_fold", 1, "reflections").fold,
    Statistic("transitions_per_token_fold", 1) {
      $0.value("transitions", $1) / $0.value("response_length", $1)
    }.fold,
  ]

  /// The reward of reward models, for runs that learn from any.
  private static let modelReward = Statistic("reward_model", 3, "reward_model")

  /// The statistics of these entries.
  var statistics: [Statistic] {
    let hasModels = entries.contains { entry in
      entry.steps.contains { step in
        entry.runs.contains { !$0.value("reward_model", step).isNaN }
      }
    }
    return Self.statistics + (hasModels ? [Self.modelReward] : [])
  }

  /// A statistic of an entry, with the runs' own values.
  func measured(
    _ entry: Entry, _ statistic: Statistic, _ step: Int
  ) -> (interval: Interval, values: [Double]) {
    let values = entry.runs.map { statistic.value($0, step) }
    guard statistic.isFold else { return (Self.mean(entry.independent(values)), values) }
    var folds: [Interval] = []
    var ownFolds: [Double] = []
    for places in entry.placesByBase {
      let base = baseValues(entry.runs[places.lowerBound].base, statistic.value)
      folds.append(Self.fold(Array(values[places]), over: base))
      ownFolds += values[places].map { $0 / Entry.average(base) }
    }
    return (folds.count == 1 ? folds[0] : Self.mean(folds.map(\.estimate)), ownFolds)
  }

  /// The standard deviation of the accuracy between the seeds of a base: what is seen, and what is left
  /// of it without the noise of the evaluations, 0 if nothing is. NaN for one seed; the second where that
  /// noise is not known.
  func accuracyDeviations(_ entry: Entry, _ step: Int) -> (seen: Double, ofSeeds: Double) {
    let values = entry.runs.map { $0.value("accuracy", step) }
    var (squares, degrees) = (0.0, 0)
    for places in entry.placesByBase {
      let mean = Entry.average(Array(values[places]))
      squares += values[places].reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      degrees += places.count - 1
    }
    guard degrees > 0 else { return (.nan, .nan) }
    let variance = squares / Double(degrees)
    let noise = entry.runs.map { $0.value("accuracy_noise", step) }
    let ofNoise = noise.reduce(0) { $0 + $1 * $1 } / Double(noise.count)
    return (
      variance.squareRoot(), ofNoise.isNaN ? .nan : max(0, variance - ofNoise).squareRoot()
    )
  }

  /// Accuracy less that of the reference at the same step, paired by base and seed: one number a seed of
  /// one base, or a base's mean.
  private func differences(_ entry: Entry, from reference: Entry, _ step: Int) -> [Double] {
    entry.independent(
      entry.runs.map { run in
        reference.runs.first { $0.seed == run.seed && $0.base == run.base }
          .map { run.value("accuracy", step) - $0.value("accuracy", step) } ?? .nan
      })
  }

  /// Their mean.
  public func difference(_ entry: Entry, from reference: Entry, _ step: Int) -> Interval {
    let pairs = differences(entry, from: reference, step)
    return pairs.isEmpty ? .undefined : Self.mean(pairs)
  }

  /// Two-sided p-values of the paired differences of all entries from the reference at a step (t-tests),
  /// and the same by Holm for their number. NaN for the reference itself and without spread.
  func significance(from reference: Entry, _ step: Int) -> (plain: [Double], holm: [Double]) {
    let plain = entries.map { entry -> Double in
      let pairs = differences(entry, from: reference, step)
      guard pairs.count > 1, entry.runs[0].path != reference.runs[0].path else { return .nan }
      let mean = Entry.average(pairs)
      let squares = pairs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let degrees = Double(pairs.count - 1)
      guard squares > 0 else { return .nan }
      let t = mean / (squares / degrees / Double(pairs.count)).squareRoot()
      return 2 * StudentT.cumulative(-abs(t), degrees: degrees)
    }
    return (plain, Holm.adjusted(plain))
  }

  /// Seeds (bases, where an entry has several) of each of two sides that tell a difference in accuracy
  /// from 0 at the 5% level (two-sided) with 80% power, if deviations between them are those seen: of the
  /// paired differences with a reference, else of two sides like this entry, independent of one another.
  /// Rests on a standard deviation of few seeds. NaN without one.
  public func seedsNeeded(
    _ entry: Entry, from reference: Entry?, _ step: Int, for difference: Double
  ) -> Double {
    let (squares, degrees) = spread(entry, from: reference, step)
    return Self.seedsNeeded(variance: squares / degrees, isPaired: reference != nil, difference)
  }

  /// The same for the variance of all entries together: that of one entry rests on few seeds, and the
  /// smallest of several is luck. The reference has no part in paired differences.
  public func seedsNeededPooled(
    from reference: Entry?, _ step: Int, for difference: Double
  ) -> Double {
    let spreads = entries.filter { $0.name != reference?.name && $0.steps.contains(step) }
      .map { spread($0, from: reference, step) }.filter { $0.degrees > 0 }
    let variance =
      spreads.reduce(0) { $0 + $1.squares } / spreads.reduce(0) { $0 + $1.degrees }
    return Self.seedsNeeded(variance: variance, isPaired: reference != nil, difference)
  }

  /// Squared deviations of a difference between two sides, and their degrees of freedom.
  private func spread(
    _ entry: Entry, from reference: Entry?, _ step: Int
  ) -> (squares: Double, degrees: Double) {
    let values =
      reference.map { differences(entry, from: $0, step) }
      ?? entry.independent(entry.runs.map { 2.0.squareRoot() * $0.value("accuracy", step) })
    let mean = Entry.average(values)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }, Double(values.count - 1))
  }

  private static func seedsNeeded(
    variance: Double, isPaired: Bool, _ difference: Double
  ) -> Double {
    guard variance > 0, variance.isFinite else { return .nan }
    // n ≥ ((t_.975 + t_.8) s/δ)² with n − 1 degrees of freedom (paired) or 2n − 2.
    for count in 2...1_000_000 {
      let degrees = Double(isPaired ? count - 1 : 2 * count - 2)
      let reach =
        StudentT.quantile(0.975, degrees: degrees) + StudentT.quantile(0.8, degrees: degrees)
      if Double(count) >= reach * reach * variance / (difference * difference) {
        return Double(count)
      }
    }
    return .infinity
  }
}
