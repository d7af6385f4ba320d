// Gradients of a batch, summed over fixed chunks in a fixed order.

/// Sums the gradients of chunks of a batch.
///
/// Each chunk has its own buffer and the buffers are added in the order of the chunks, so the sum
/// has the same bits on any number of threads. Workspaces and buffers are kept from one batch to
/// the next.
public final class BatchGradient<Scalar: ModelScalar> {
  private let chunks: [Chunk]
  private let workspaces: WorkspaceLender<Scalar>
  /// The sum of the last batch.
  public var gradient: GradientBuffer<Scalar>

  /// A chunk's buffer; only the worker that has claimed the chunk's index touches it.
  private final class Chunk: @unchecked Sendable {
    var gradient: GradientBuffer<Scalar>

    init(_ layout: ParameterLayout) {
      gradient = GradientBuffer(layout)
    }
  }

  /// - Parameter chunkCount: The most chunks a batch may have; each holds a gradient.
  public init(_ model: Transformer<Scalar>, chunkCount: Int) {
    workspaces = WorkspaceLender(model)
    chunks = (0..<chunkCount).map { _ in Chunk(model.layout) }
    gradient = GradientBuffer(model.layout)
  }

  /// Runs `body` once a chunk, with a workspace and the chunk's cleared gradient, and leaves the sum
  /// of the gradients in `gradient`.
  ///
  /// - Returns: The results of the chunks, in order.
  public func sum<Result: Sendable>(
    chunkCount: Int, threads: Int,
    body:
      @escaping @Sendable (Workspace<Scalar>, Int, inout GradientBuffer<Scalar>) throws -> Result
  ) throws -> [Result] {
    precondition(chunkCount <= chunks.count, "more chunks than buffers")
    var results: [Result] = []
    let (chunks, workspaces) = (chunks, workspaces)
    gradient.values.clear()
    try forEachInOrder(
      0..<chunkCount, threads: threads, makeWorker: { workspaces.borrow() },
      body: { loan, index in
        let chunk = chunks[index]
        chunk.gradient.values.clear()
        return try body(loan.workspace, index, &chunk.gradient)
      },
      consume: { index, result in
        gradient.values.add(chunks[index].gradient.values)
        results.append(result)
      })
    return results
  }
}
