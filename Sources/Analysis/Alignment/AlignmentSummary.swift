// The statistics of a run: what summary.json and `/summary` publish.
import KeyedRandom
import Statistics
import Tasks

/// One published number with its interval.
public struct SummaryStatistic: Sendable {
  /// Dots lead into controls: `cosine_mean`, `controls.mismatched-prompt.cosine_mean`.
  public let key: String
  public let interval: Interval
  /// A sentence for people and plots.
  public let longName: String

  public init(key: String, interval: Interval, longName: String) {
    self.key = key
    self.interval = interval
    self.longName = longName
  }

  /// Counts and extremes have no interval.
  public var hasInterval: Bool { !(interval.low.isNaN && interval.high.isNaN) }
}

/// The statistics of the main pair and of every control, in a fixed order.
public struct AlignmentSummary: Sendable {
  public private(set) var statistics: [SummaryStatistic] = []

  /// - Parameters:
  ///   - main: One row a rollout, in input order, from the rollout at `start` on.
  ///   - columns: One list of rows a column of `plan.controlColumns`.
  public init(
    plan: AlignmentPlan, start: Int = 0, main: [PairSummary], columns: [[PairSummary]],
    fileControls: FileControls
  ) {
    let key = RandomKey(seed: plan.options.seed).derive("bootstrap")
    let bootstrap = BootstrapT(key: key, replicates: plan.options.bootstrapReplicates)
    // Clusters are compared by bytes: String's == is canonical equivalence.
    let clusters = plan.rollouts.dropFirst(start).prefix(main.count).map { Array($0.cluster.utf8) }
    append(rows: main, clusters, bootstrap, prefix: "", title: "")
    for (column, rows) in zip(plan.controlColumns, columns) {
      append(
        rows: rows, clusters, bootstrap, prefix: "controls.\(column.label).",
        title: ", \(column.title)")
    }
    if let cross = fileControls.cross { append(cross, plan, bootstrap) }
    if let update = fileControls.update { append(update) }
    if let firstOrder = fileControls.firstOrder { append(firstOrder) }
  }

  private mutating func append(_ key: String, _ interval: Interval, _ longName: String) {
    statistics.append(SummaryStatistic(key: key, interval: interval, longName: longName))
  }

  private mutating func append(
    rows: [PairSummary], _ clusters: [[UInt8]], _ bootstrap: BootstrapT, prefix: String,
    title: String
  ) {
    func sample(_ value: (PairSummary) -> Double) -> ClusteredSample {
      ClusteredSample(rows.map(value), clusters: clusters)
    }
    let inner = sample(\.innerProduct)
    append(
      prefix + "n", Interval(withoutInterval: Double(inner.count)), "number of rollouts" + title)
    for (name, long, sample, possible) in [
      (
        "inner_product", "inner product of the two gradients", inner,
        -Double.infinity...Double.infinity
      ),
      ("cosine", "cosine of the two gradients", sample(\.cosine), -1...1),
    ] {
      append(
        prefix + name + "_mean", sample.mean(bootstrap).within(possible), "mean \(long)" + title)
      append(
        prefix + name + "_sd", sample.standardDeviation(bootstrap),
        "standard deviation of the \(long)" + title)
      append(
        prefix + name + "_min", Interval(withoutInterval: sample.minimum),
        "smallest \(long)" + title)
      append(
        prefix + name + "_max", Interval(withoutInterval: sample.maximum),
        "largest \(long)" + title)
      if name == "inner_product" {
        append(
          prefix + "negative_fraction",
          self.sample(rows, clusters) { $0.innerProduct < 0 ? 1 : 0 }.fraction(),
          "share of rollouts with a negative inner product" + title)
      } else {
        append(
          prefix + "cosine_undefined",
          Interval(withoutInterval: Double(inner.count - sample.count)),
          "rollouts whose cosine is undefined because a norm is 0" + title)
      }
    }
    append(
      prefix + "logp_gap_mean", sample(\.gap).mean(bootstrap),
      "mean absolute difference of token log-probabilities" + title)
    append(
      prefix + "logp_difference_mean", sample(\.difference).mean(bootstrap),
      "mean of null-context minus conditional token log-probabilities" + title)
  }

  /// A sample of the rows to which a control applies.
  private func sample(
    _ rows: [PairSummary], _ clusters: [[UInt8]], _ value: (PairSummary) -> Double
  ) -> ClusteredSample {
    ClusteredSample(
      rows.map { $0.innerProduct.isNaN ? .nan : value($0) }, clusters: clusters)
  }

  private mutating func append(
    _ cross: CrossMatrix, _ plan: AlignmentPlan, _ bootstrap: BootstrapT
  ) {
    let problems = cross.samples.map { plan.problems[$0] }
    let clusters = cross.samples.map { Array(plan.rollouts[$0].cluster.utf8) }
    let kinds: [(String, String, (Int, Int) -> Bool)] = [
      ("same_rollout", "one rollout", { $0 == $1 }),
      ("same_problem", "two rollouts of one problem", { $0 != $1 && problems[$0] == problems[$1] }),
      ("other_problem", "rollouts of different problems", { problems[$0] != problems[$1] }),
    ]
    for (name, title, belongs) in kinds {
      for (quantity, long, values, possible) in [
        ("inner_product", "inner product", cross.innerProducts, -Double.infinity...Double.infinity),
        ("cosine", "cosine", cross.cosines, -1...1),
      ] {
        let mean = PairMean(
          values: values, rows: clusters, columns: clusters,
          where: { belongs($0, $1) })
        guard mean.count > 0 else { continue }
        append(
          "controls.cross.\(name).\(quantity)_mean", mean.interval(bootstrap).within(possible),
          "mean \(long) of g_m and g_c of \(title)")
      }
    }
  }

  private mutating func append(_ update: UpdateControl) {
    for metric in UpdateControl.Metric.allCases {
      let statistics = update.statistics(metric)
      let prefix = "controls.update.\(metric.name)."
      for vector in statistics.vectors {
        append(
          prefix + "reliability.\(vector.name)", vector.reliability,
          "reliability of the \(vector.name) batch vector (\(metric.title))")
        append(
          prefix + "efficiency.\(vector.name)", vector.efficiency,
          "surrogate efficiency of \(vector.name) without noise (\(metric.title))")
        append(
          prefix + "batch_efficiency.\(vector.name)", vector.batchEfficiency,
          "surrogate efficiency of \(vector.name) at this batch size (\(metric.title))")
      }
      for pair in statistics.pairs {
        append(
          prefix + "cosine.\(pair.first).\(pair.second)", pair.correctedCosine,
          "noise-corrected cosine of \(pair.first) and \(pair.second) (\(metric.title))")
      }
      append(
        prefix + "drift_share_marginal", statistics.driftShareMarginal,
        "share of the sign-blind push |D|²/(|C|²+|D|²), null-context space (\(metric.title))")
      append(
        prefix + "drift_share_conditional", statistics.driftShareConditional,
        "share of the sign-blind push |D|²/(|C|²+|D|²), prompt space (\(metric.title))")
    }
  }

  private mutating func append(_ firstOrder: FirstOrderControl) {
    for direction in firstOrder.rules {
      append(
        "controls.first-order.validity_radius.\(direction.name)",
        Interval(withoutInterval: firstOrder.validityRadius(direction)),
        "largest step along \(direction.name) whose effect is predicted to 10%")
    }
    let radii = firstOrder.samples.map { firstOrder.validityRadius($0) }.sorted()
    if !radii.isEmpty {
      append(
        "controls.first-order.validity_radius_sample_median",
        Interval(withoutInterval: radii[radii.count / 2]),
        "median over rollouts of the largest step along g_m whose effect is predicted to 10%")
    }
  }
}

extension UpdateControl.Metric {
  /// The metric's name in keys of the summary.
  public var name: String {
    switch self {
    case .raw: "raw"
    case .adam: "adam"
    case .step: "step"
    }
  }

  /// For people and plots.
  public var title: String {
    switch self {
    case .raw: "Euclidean"
    case .adam: "Adam's metric"
    case .step: "first Adam step"
    }
  }
}
