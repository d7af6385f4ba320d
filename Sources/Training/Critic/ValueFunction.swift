// V(s_t) of many responses, without gradients.
import ModelCore

/// A value head on a trunk.
public final class ValueFunction {
  public let trunk: Transformer<Float>
  public let head: ScalarHead<Float>
  private let workspaces: WorkspaceLender<Float>

  public init(trunk: Transformer<Float>, head: ScalarHead<Float>) {
    self.trunk = trunk
    self.head = head
    workspaces = WorkspaceLender(trunk)
  }

  /// Opens a Hugging Face folder with a value head: a run's `critic`, a model with TRL's value head.
  ///
  /// - Throws: As `Transformer` and `ScalarHead`.
  public convenience init(directory: String) throws {
    let trunk = try Transformer<Float>(directory: directory)
    self.init(
      trunk: trunk,
      head: try ScalarHead(directory: directory, hiddenSize: trunk.configuration.hiddenSize))
  }

  /// V of the state before each scored token of each sequence, in order.
  public func values(_ sequences: [ScoredSequence], threads: Int) throws -> [[Double]] {
    let packs = SequenceScorer<Float>.packs(sequences)
    let (workspaces, head) = (workspaces, head)
    var values: [[Double]] = []
    try forEachInOrder(
      0..<packs.count, threads: threads, makeWorker: { workspaces.borrow() },
      body: { loan, pack in
        var batch = PackedSequences()
        for sequence in sequences[packs[pack]] { batch.append(sequence) }
        let values = loan.workspace.values(batch, head: head)
        return (0..<batch.sequenceCount).map { sequence in
          Array(values[batch.scored(ofSequences: sequence..<sequence + 1)])
        }
      },
      consume: { _, found in values += found })
    return values
  }
}
