// Log-probabilities of many sequences, without gradients.

/// Scores sequences in packs of a fixed size on any number of threads.
public final class SequenceScorer<Scalar: ModelScalar> {
  private let workspaces: WorkspaceLender<Scalar>
  /// A pack takes sequences until it has this many rows.
  public static var packRows: Int { 512 }

  public init(_ model: Transformer<Scalar>) {
    workspaces = WorkspaceLender(model)
  }

  /// Packs of consecutive sequences; they depend only on the sequences.
  public static func packs(_ sequences: [ScoredSequence]) -> [Range<Int>] {
    var packs: [Range<Int>] = []
    var start = 0
    var rows = 0
    for (index, sequence) in sequences.enumerated() {
      if index > start, rows + sequence.rowCount > packRows {
        packs.append(start..<index)
        start = index
        rows = 0
      }
      rows += sequence.rowCount
    }
    if start < sequences.count { packs.append(start..<sequences.count) }
    return packs
  }

  /// Σ_t log π(y_t | ·) of each sequence, in order.
  public func logProbabilities(_ sequences: [ScoredSequence], threads: Int) throws -> [Double] {
    try tokenLogProbabilities(sequences, threads: threads).map { $0.reduce(0, +) }
  }

  /// log π(y_t | ·) of the scored tokens of each sequence, in order.
  public func tokenLogProbabilities(
    _ sequences: [ScoredSequence], threads: Int
  ) throws -> [[Double]] {
    let packs = Self.packs(sequences)
    var totals: [[Double]] = []
    let workspaces = workspaces
    try forEachInOrder(
      0..<packs.count, threads: threads, makeWorker: { workspaces.borrow() },
      body: { loan, pack in
        var batch = PackedSequences()
        for sequence in sequences[packs[pack]] { batch.append(sequence) }
        let scores = loan.workspace.score(batch).logProbabilities
        return (0..<batch.sequenceCount).map { sequence in
          Array(scores[batch.scored(ofSequences: sequence..<sequence + 1)])
        }
      },
      consume: { _, scores in totals += scores })
    return totals
  }
}
