// Element-wise operations on several buffers of one layout, on any number of threads.

extension Buffer {
  /// Runs `body` on pieces of `self`, `first`, `second` (all changed) and `source` (read), for all
  /// pieces of every range.
  ///
  /// No element is in two pieces. So if the new value of an element depends only on the values at
  /// its own index, the result has the same bits on any number of threads.
  ///
  /// - Parameters:
  ///   - ranges: Disjoint ranges of elements; `body` is told which one a piece belongs to.
  public mutating func update(
    _ first: inout Buffer, _ second: inout Buffer, from source: borrowing Buffer,
    ranges: [Range<Int>], threads: Int,
    body:
      @escaping @Sendable (
        _ range: Int, inout MutableSpan<Scalar>, inout MutableSpan<Scalar>,
        inout MutableSpan<Scalar>, Span<Scalar>
      ) -> Void
  ) {
    precondition(first.count == count && second.count == count && source.count == count)
    precondition(ranges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= count })
    let pieces = ranges.enumerated().flatMap { index, range in
      stride(from: range.lowerBound, to: range.upperBound, by: updatePiece).map {
        (index, $0..<min($0 + updatePiece, range.upperBound))
      }
    }
    let places = UpdatePlaces(base, first.base, second.base, source.base)
    @Sendable func run(_ piece: Int) {
      let (index, range) = pieces[piece]
      var own = MutableSpan(_unsafeStart: places.own + range.lowerBound, count: range.count)
      var one = MutableSpan(_unsafeStart: places.first + range.lowerBound, count: range.count)
      var two = MutableSpan(_unsafeStart: places.second + range.lowerBound, count: range.count)
      let read = Span(
        _unsafeStart: UnsafePointer(places.source + range.lowerBound), count: range.count)
      body(index, &own, &one, &two, read)
    }
    if threads == 1 || pieces.count < 2 {
      for piece in pieces.indices { run(piece) }
      return
    }
    forEachOnThreads(pieces.count, threads: threads, run)
  }
}

/// Elements of a piece: 4 buffers of them fit a core's cache.
private let updatePiece = 1 << 15

/// Where the buffers are; pieces of different threads do not overlap.
private struct UpdatePlaces<Scalar: ModelScalar>: @unchecked Sendable {
  let own: UnsafeMutablePointer<Scalar>
  let first: UnsafeMutablePointer<Scalar>
  let second: UnsafeMutablePointer<Scalar>
  let source: UnsafeMutablePointer<Scalar>

  init(
    _ own: UnsafeMutablePointer<Scalar>, _ first: UnsafeMutablePointer<Scalar>,
    _ second: UnsafeMutablePointer<Scalar>, _ source: UnsafeMutablePointer<Scalar>
  ) {
    (self.own, self.first, self.second, self.source) = (own, first, second, source)
  }
}

/// Runs `body` for every index on some threads. Nothing can fail, so there is nothing to throw.
private func forEachOnThreads(
  _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void
) {
  do {
    try forEachInOrder(
      0..<count, threads: threads, makeWorker: {}, body: { _, index in body(index) },
      consume: { _, _ in })
  } catch {
    preconditionFailure("work that cannot fail has failed: \(error)")
  }
}
