// The statistics of a run, as published in summary.json and `/summary`.
import HDF5
import KeyedRandom
import Statistics
import StrictJSON
import Tables
import Tasks

/// One published number with its path, unit and interval.
public struct SummaryStatistic: Sendable {
  /// The path of its group: empty for the main pair, else for example `["controls",
  /// "mismatched-prompt"]`.
  public internal(set) var group: [String]
  /// Its name in that group, such as `cosine_mean`.
  public let name: String
  public let interval: Interval
  public let units: String
  /// A description for tables and plots.
  public let longName: String
  /// Whether it is a count, which has no interval.
  public let isCount: Bool

  public init(
    _ name: String, _ interval: Interval, units: String = "1", _ longName: String,
    in group: [String] = [], isCount: Bool = false
  ) {
    self.group = group
    self.name = name
    self.interval = interval
    self.units = units
    self.longName = longName
    self.isCount = isCount
  }
}

/// The statistics of the main pair and of every control, in a fixed order.
public struct AlignmentSummary: Sendable {
  public private(set) var statistics: [SummaryStatistic] = []
  /// The groups of statistics whose names are numbers, with the entry that each belongs to.
  public let labels: [(group: [String], name: String, title: String)]
  /// The rollouts that the statistics are computed from.
  public let rolloutCount: Int

  /// - Parameters:
  ///   - start: The first rollout of the rows.
  ///   - main: One row per rollout, in input order.
  ///   - entries: One list of rows per entry of the plan.
  public init(
    _ plan: AlignmentPlan, start: Int = 0, main: [PairSummary], entries: [[PairSummary]],
    collection: CollectionResults
  ) {
    let key = RandomKey(seed: plan.options.seed).derive("bootstrap")
    let bootstrap = BootstrapT(key: key, replicates: plan.options.bootstrapReplicates)
    // Clusters are compared by bytes: String's == is canonical equivalence.
    let clusters = plan.rollouts.dropFirst(start).prefix(main.count).map { Array($0.cluster.utf8) }
    rolloutCount = main.count
    labels = plan.entries.filter { !$0.name.isEmpty }.map {
      (["controls"] + $0.path, $0.name, $0.title)
    }
    statistics = PairStatistics(main, clusters, bootstrap).all(title: "")
    for (entry, rows) in zip(plan.entries, entries) {
      add(
        PairStatistics(rows, clusters, bootstrap).all(title: ", \(entry.title)"),
        in: entry.path)
    }
    for (control, result) in collection.results {
      add(result.statistics(plan, bootstrap), in: [control])
    }
  }

  private mutating func add(_ new: [SummaryStatistic], in path: [String]) {
    statistics += new.map { statistic in
      var statistic = statistic
      statistic.group = ["controls"] + path + statistic.group
      return statistic
    }
  }

  /// The statistic at a path; undefined if there is none.
  public subscript(group: [String], name: String) -> Interval {
    statistics.first { $0.name == name && $0.group == group }?.interval ?? .undefined
  }

  /// One sentence that compares a control's cosine with that of the main pair; nil if it was not
  /// measured.
  func comparison(with path: [String], of what: String) -> String? {
    let main = self[[], "cosine_mean"]
    let own = self[["controls"] + path, "cosine_mean"]
    guard !own.estimate.isNaN, !main.estimate.isNaN else { return nil }
    let isAlike = own.high >= main.low
    return "With \(what) the cosine is \(fixed(own.estimate, 2)) (\(own.ends(2))), "
      + (isAlike
        ? "not below the \(fixed(main.estimate, 2)) of log P(y) with log P(y|x): a positive value "
          + "by itself says nothing about dropping the prompt."
        : "below the \(fixed(main.estimate, 2)) of log P(y) with log P(y|x).")
  }
}

/// The statistics of one list of rows.
private struct PairStatistics {
  private let rows: [PairSummary]
  private let clusters: [[UInt8]]
  private let bootstrap: BootstrapT

  init(_ rows: [PairSummary], _ clusters: [[UInt8]], _ bootstrap: BootstrapT) {
    self.rows = rows
    self.clusters = clusters
    self.bootstrap = bootstrap
  }

  private func sample(_ value: (PairSummary) -> Double) -> ClusteredSample {
    ClusteredSample(rows.map(value), clusters: clusters)
  }

  /// Four statistics of one quantity; the interval of its mean is cut to the possible values.
  private func moments(
    _ name: String, _ words: String, _ sample: ClusteredSample, within possible: ClosedRange<Double>
  ) -> [SummaryStatistic] {
    [
      SummaryStatistic(name + "_mean", sample.mean(bootstrap).within(possible), "mean \(words)"),
      SummaryStatistic(
        name + "_sd", sample.standardDeviation(bootstrap), "standard deviation of the \(words)"),
      SummaryStatistic(
        name + "_min", Interval(withoutInterval: sample.minimum), "smallest \(words)"),
      SummaryStatistic(
        name + "_max", Interval(withoutInterval: sample.maximum), "largest \(words)"),
    ]
  }

  func all(title: String) -> [SummaryStatistic] {
    let inner = sample(\.innerProduct)
    let cosine = sample(\.cosine)
    let isNegative = sample { $0.innerProduct.isNaN ? .nan : $0.innerProduct < 0 ? 1 : 0 }
    func count(_ name: String, _ value: Int, _ words: String) -> SummaryStatistic {
      SummaryStatistic(name, Interval(withoutInterval: Double(value)), words, isCount: true)
    }
    let statistics =
      [count("n", inner.count, "number of rollouts")]
      + moments(
        "inner_product", "inner product of the two gradients", inner,
        within: -.infinity ... .infinity)
      + [
        SummaryStatistic(
          "negative_fraction", isNegative.fraction(),
          "share of rollouts with a negative inner product")
      ]
      + moments("cosine", "cosine of the two gradients", cosine, within: -1...1)
      + [
        count(
          "cosine_undefined", inner.count - cosine.count,
          "rollouts whose cosine is undefined because a norm is 0"),
        SummaryStatistic(
          "logp_gap_mean", sample(\.gap).mean(bootstrap), units: "nat",
          "mean absolute difference of token log-probabilities"),
        SummaryStatistic(
          "logp_difference_mean", sample(\.difference).mean(bootstrap), units: "nat",
          "mean of null-context minus conditional token log-probabilities"),
      ]
    return statistics.map {
      SummaryStatistic(
        $0.name, $0.interval, units: $0.units, $0.longName + title, in: $0.group,
        isCount: $0.isCount)
    }
  }
}

// MARK: - Files

extension AlignmentSummary {
  /// `/summary`: one scalar per statistic, with `_low` and `_high` in the same group if it has an
  /// interval.
  func write(_ root: HDF5Group) throws {
    for statistic in statistics {
      let target = try Self.group(root, statistic.group)
      let longName = storable(statistic.longName)
      if statistic.isCount {
        try target.scalar(statistic.name, Int(statistic.interval.estimate), longName: longName)
        continue
      }
      for part in Interval.parts.prefix(statistic.interval.hasEnds ? 3 : 1) {
        try target.scalar(
          statistic.name + part.suffix, statistic.interval[keyPath: part.path],
          units: statistic.units, longName: longName + part.words)
      }
    }
    for (path, name, title) in labels {
      let attributes = try Self.group(root, path).attributes
      try attributes.set("name", to: storable(name))
      try attributes.set("title", to: storable(title))
    }
  }

  private static func group(_ root: HDF5Group, _ path: [String]) throws -> HDF5Group {
    if path.isEmpty { return root }
    let path = path.joined(separator: "/")
    return try root.contains(path) ? root.group(path) : root.createGroup(path)
  }

  /// summary.json: the same tree, with null for NaN.
  public var json: JSON {
    var root = JSONObject()
    for (path, name, title) in labels {
      Self.insert([("name", .string(name)), ("title", .string(title))], path[...], &root)
    }
    for statistic in statistics {
      Self.insert(
        statistic.isCount
          ? [(statistic.name, .integer(Int(statistic.interval.estimate)))]
          : statistic.interval.members(statistic.name), statistic.group[...], &root)
    }
    // The main result first.
    var sorted = JSONObject()
    for (key, value) in root.members where key != "controls" { sorted[key] = value }
    if let controls = root["controls"] { sorted["controls"] = controls }
    return .object(sorted)
  }

  private static func insert(
    _ members: [(key: String, value: JSON)], _ path: ArraySlice<String>, _ object: inout JSONObject
  ) {
    guard let first = path.first else {
      for (key, value) in members { object[key] = value }
      return
    }
    var child = object[first]?.objectValue ?? JSONObject()
    insert(members, path.dropFirst(), &child)
    object[first] = .object(child)
  }
}
