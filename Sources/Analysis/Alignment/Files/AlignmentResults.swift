// The results of a run that are kept in memory: the numbers of every rollout and the statistics
// over all. The large ones (groups and tokens of each rollout) stay in the journal or the parts.

/// The results of a rollout with the totals of its main pair.
public struct AlignmentRow: Sendable {
  public let sample: SampleAlignment
  public let main: PairSummary

  public init(sample: SampleAlignment, main: PairSummary) {
    self.sample = sample
    self.main = main
  }
}

/// The rows and statistics of a range of rollouts.
public struct AlignmentResults: Sendable {
  /// The rollouts, in the order of the file.
  public let samples: Range<Int>
  /// The main pair, one row per rollout.
  public let main: [PairSummary]
  /// One list of rows per entry of the plan.
  public let entries: [[PairSummary]]
  /// The results of the controls over all rollouts.
  public let collection: CollectionResults
  public let summary: AlignmentSummary

  /// Goes through the rows once and computes the statistics.
  ///
  /// - Parameter row: The results of a rollout of `samples`; called once for each, in order.
  public init(
    _ plan: AlignmentPlan, samples: Range<Int>, collection: CollectionResults = CollectionResults(),
    row: (Int) throws -> AlignmentRow
  ) rethrows {
    var main: [PairSummary] = []
    var entries = [[PairSummary]](repeating: [], count: plan.entries.count)
    main.reserveCapacity(samples.count)
    for index in samples {
      let row = try row(index)
      precondition(
        row.sample.index == index && row.sample.controls.count == entries.count,
        "the record of rollout \(index) does not belong to this plan")
      main.append(row.main)
      for (entry, summary) in row.sample.controls.enumerated() { entries[entry].append(summary) }
    }
    self.samples = samples
    self.main = main
    self.entries = entries
    self.collection = collection
    summary = AlignmentSummary(
      plan, start: samples.lowerBound, main: main, entries: entries, collection: collection)
  }
}
