// Gradients of a batch, summed over fixed chunks in a fixed order.

/// Sums the gradients of chunks of a batch.
///
/// Each chunk is summed from zero in a buffer of its own and the buffers are added in the order of the
/// chunks, so the sum has the same bits on any number of threads. There are a few buffers, which the
/// chunks take in turn; they and the workspaces are kept from one batch to the next.
public final class BatchGradient<Scalar: ModelScalar> {
  private let workspaces: WorkspaceLender<Scalar>
  private let layout: ParameterLayout
  private let range: Range<Int>
  private let chunkLimit: Int
  private let spareBytes: Int
  private var pool: [PooledGradient] = []
  /// The sum of the last batch, or its slice.
  public var gradient: GradientBuffer<Scalar>

  /// A buffer of the pool; only the worker that has claimed the chunk it serves touches it.
  private final class PooledGradient: @unchecked Sendable {
    var gradient: GradientBuffer<Scalar>

    init(_ layout: ParameterLayout, _ range: Range<Int>) {
      gradient = GradientBuffer(layout, range: range)
    }
  }

  /// - Parameters:
  ///   - chunkCount: The most chunks a batch may have.
  ///   - range: The slice of the parameters that is summed; all of them without one.
  public convenience init(
    _ model: Transformer<Scalar>, chunkCount: Int, range: Range<Int>? = nil
  ) {
    self.init(model, chunkCount: chunkCount, range: range, spareBytes: Self.spareBytes)
  }

  /// - Parameter spareBytes: For buffers beyond those that the threads need.
  package init(
    _ model: Transformer<Scalar>, chunkCount: Int, range: Range<Int>? = nil, spareBytes: Int
  ) {
    self.spareBytes = spareBytes
    self.range = range ?? 0..<model.layout.count
    workspaces = WorkspaceLender(model)
    layout = model.layout
    chunkLimit = chunkCount
    gradient = GradientBuffer(model.layout, range: self.range)
  }

  private static var spareBytes: Int { 512 << 20 }

  /// The buffers that chunks take in turn. A worker that is done early goes on with the next chunk as
  /// long as there is a free one, so that it rarely waits: four chunks a thread as far as they fit into
  /// the spare bytes, and one more than the threads in any case.
  private static func poolSize(
    scalarCount: Int, chunkCount: Int, threads: Int, spareBytes: Int
  ) -> Int {
    let bytes = max(1, scalarCount * MemoryLayout<Scalar>.stride)
    let spare = min(max(1, spareBytes / bytes), 3 * threads + 1)
    return min(chunkCount, threads + spare)
  }

  /// Bytes of all gradients that are held for a batch: the pool and the sum.
  public static func byteCount(_ layout: ParameterLayout, chunkCount: Int, threads: Int) -> Double {
    Double(
      poolSize(
        scalarCount: layout.count, chunkCount: chunkCount, threads: threads, spareBytes: spareBytes)
        + 1)
      * Double(layout.count)
      * Double(MemoryLayout<Scalar>.stride)
  }

  /// Runs `body` once a chunk, with a workspace and a cleared gradient, and leaves the sum of the
  /// gradients in `gradient`.
  ///
  /// - Returns: The results of the chunks, in order.
  public func sum<Result: Sendable>(
    chunkCount: Int, threads: Int,
    body:
      @escaping @Sendable (Workspace<Scalar>, Int, inout GradientBuffer<Scalar>) throws -> Result
  ) throws -> [Result] {
    precondition(chunkCount <= chunkLimit, "more chunks than announced")
    let size = Self.poolSize(
      scalarCount: gradient.values.count, chunkCount: chunkCount, threads: threads,
      spareBytes: spareBytes)
    while pool.count < size { pool.append(PooledGradient(layout, range)) }
    var results: [Result] = []
    let (pool, workspaces) = (pool, workspaces)
    gradient.values.clear()
    // A buffer serves chunk i + size once chunk i has been added. A result is taken from the queue
    // before it is added, so the lead is one less than the buffers.
    try forEachInOrder(
      0..<chunkCount, threads: threads, lead: size == chunkCount ? max(1, size) : size - 1,
      makeWorker: { workspaces.borrow() },
      body: { loan, index in
        let own = pool[index % size]
        own.gradient.values.clear()
        return try body(loan.workspace, index, &own.gradient)
      },
      consume: { index, result in
        gradient.values.add(pool[index % size].gradient.values)
        results.append(result)
      })
    return results
  }
}
