// Gradients of a batch, summed over fixed chunks in a fixed order.
import Synchronization

/// Sums the gradients of chunks of a batch.
///
/// Each chunk has its own buffer and the buffers are added in the order of the chunks, so the sum
/// has the same bits on any number of threads. Workspaces and buffers are kept from one batch to
/// the next.
public final class BatchGradient<Scalar: ModelScalar> {
  private let model: Transformer<Scalar>
  private let chunks: [Chunk]
  private let workspaces = WorkspacePool<Scalar>()
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
    self.model = model
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
    let (model, chunks, workspaces) = (model, chunks, workspaces)
    gradient.values.clear()
    try forEachInOrder(
      0..<chunkCount, threads: threads, makeWorker: { workspaces.take(model) },
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

/// Workspaces that outlive the threads that use them.
final class WorkspacePool<Scalar: ModelScalar>: @unchecked Sendable {
  private let idle = Mutex<[Handle]>([])

  /// Carries a workspace from one thread to the next; only one has it at a time.
  private struct Handle: @unchecked Sendable {
    let workspace: Workspace<Scalar>
  }

  /// A workspace on loan; it goes back when the loan ends.
  final class Loan {
    let workspace: Workspace<Scalar>
    private let pool: WorkspacePool

    init(_ workspace: Workspace<Scalar>, _ pool: WorkspacePool) {
      self.workspace = workspace
      self.pool = pool
    }

    deinit {
      let handle = Handle(workspace: workspace)
      pool.idle.withLock { $0.append(handle) }
    }
  }

  func take(_ model: Transformer<Scalar>) -> Loan {
    let handle = idle.withLock { $0.popLast() }
    return Loan(handle?.workspace ?? Workspace(model), self)
  }
}
