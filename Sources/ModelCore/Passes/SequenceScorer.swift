// Log-probabilities or rewards of many sequences, without gradients.

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
    try rowValues(sequences, threads: threads) { $0.score($1).logProbabilities }
  }

  /// The reward of each sequence of tokens, by a model with a reward head: that of the state after its last
  /// token. Nothing is padded, and no token's id says where a sequence ends.
  ///
  /// - Parameters:
  ///   - sequences: Each with a token at least.
  ///   - shouldStop: Asked between packs, by every worker.
  ///   - progress: Gets the number of sequences that are done, on the calling thread.
  /// - Throws: `CancellationError` when it was stopped.
  public func rewards(
    after sequences: [[Int32]], threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (Int) -> Void = { _ in }
  ) throws -> [Double] {
    let scored = sequences.map { ScoredSequence(stateAfter: $0) }
    let values = try rowValues(
      scored, threads: threads, shouldStop: shouldStop, progress: progress
    ) { $0.rewards($1) }
    guard values.count == sequences.count else { throw CancellationError() }
    return values.map { $0[0] }
  }

  /// A value of each scored row, for each sequence; fewer sequences if it was stopped.
  private func rowValues(
    _ sequences: [ScoredSequence], threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }, progress: (Int) -> Void = { _ in },
    _ values: @escaping @Sendable (Workspace<Scalar>, PackedSequences) -> [Double]
  ) throws -> [[Double]] {
    let packs = Self.packs(sequences)
    var all: [[Double]] = []
    let workspaces = workspaces
    try forEachInOrder(
      0..<packs.count, threads: threads, shouldStop: shouldStop,
      makeWorker: { workspaces.borrow() },
      body: { loan, pack in
        var batch = PackedSequences()
        for sequence in sequences[packs[pack]] { batch.append(sequence) }
        let found = values(loan.workspace, batch)
        return (0..<batch.sequenceCount).map { sequence in
          Array(found[batch.scored(ofSequences: sequence..<sequence + 1)])
        }
      },
      consume: { _, found in
        all += found
        progress(all.count)
      })
    return all
  }
}
