// The only owner of numeric memory in the package.

/// A fixed number of scalars on the heap, aligned to 64 bytes, initialised to zero.
///
/// Noncopyable: one owner, no reference counting, no exclusivity checks inside kernels. Code
/// outside the model core accesses the contents through `withSpan` and `withMutableSpan`.
public struct Buffer<Scalar: ModelScalar>: ~Copyable, @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  /// The number of scalars.
  public let count: Int

  /// Allocates `count` zeros.
  public init(count: Int) { self.init(count: count, isSparse: false) }

  /// - Parameter isSparse: Whether most of it will never be touched.
  init(count: Int, isSparse: Bool) {
    precondition(count >= 0, "negative buffer size")
    self.count = count
    base = ZeroedMemory.allocate(
      byteCount: count * MemoryLayout<Scalar>.stride, isSparse: isSparse
    )
    .bindMemory(to: Scalar.self, capacity: max(count, 1))
  }

  deinit {
    ZeroedMemory.deallocate(base, byteCount: count * MemoryLayout<Scalar>.stride)
  }

  /// Sets every scalar to zero.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func clear() {
    base.update(repeating: 0, count: count)
  }

  /// Reads the contents.
  public borrowing func withSpan<Result: ~Copyable>(
    _ body: (Span<Scalar>) throws -> Result
  ) rethrows -> Result {
    try body(Span(_unsafeStart: UnsafePointer(base), count: count))
  }

  /// Changes the contents.
  public mutating func withMutableSpan<Result: ~Copyable>(
    _ body: (inout MutableSpan<Scalar>) throws -> Result
  ) rethrows -> Result {
    var span = MutableSpan(_unsafeStart: base, count: count)
    return try body(&span)
  }
}
