// Independent work on any number of threads, with results in order.
import Foundation
import Synchronization

/// Runs `body` for every index on `threads` threads and hands the results to `consume`, on the
/// calling thread, in the order of the indices.
///
/// Each thread makes one worker and takes the next index whenever it is free. So the assignment of
/// indices to threads varies, but the results do not, since a result depends only on its index.
/// Workers run at most `lead` results ahead of `consume`, so memory does not grow with the number
/// of indices. `body` starts index i only after the result of i − lead has been handed to `consume`
/// and that of i − lead − 1 has been consumed. The default is 4 results per thread.
///
/// Once `shouldStop` is true, no new index is started; those already started are finished and
/// consumed. After an error of `body`, the results before it are still consumed; after an error of
/// `consume`, nothing more is.
///
/// - Returns: The first index that was not consumed: the end of `indices` unless the loop was
///   stopped.
/// - Throws: `WorkerThread.Failure` where not one thread can be started; with fewer than `threads` it goes on. An
///   error of `makeWorker`, else that of the lowest index whose `body` or `consume` threw.
///   So which error is reported does not depend on the threads, either.
@discardableResult
public func forEachInOrder<Worker, Result: Sendable>(
  _ indices: Range<Int>, threads: Int, lead: Int? = nil,
  shouldStop: @escaping @Sendable () -> Bool = { false },
  makeWorker: @escaping @Sendable () throws -> Worker,
  body: @escaping @Sendable (inout Worker, Int) throws -> Result,
  consume: (Int, Result) throws -> Void
) throws -> Int {
  precondition(threads > 0 && lead ?? 1 > 0, "at least one thread and one result ahead")
  let queue = OrderedQueue<Result>(indices, lead: lead ?? 4 * threads)
  var count = min(threads, max(indices.count, 1))
  BLAS.reserveBuffers(count)
  for started in 0..<count {
    let code = WorkerThread.start {
      var current = indices.lowerBound - 1  // an error of makeWorker comes before all others
      do {
        var worker = try makeWorker()
        while let index = queue.claim(shouldStop: shouldStop) {
          current = index
          queue.finish(index, try body(&worker, index))
        }
      } catch {
        queue.fail(current, error)
      }
      queue.retire()
    }
    guard code != 0 else { continue }
    // Fewer threads give the same results.
    guard started > 0 else { throw WorkerThread.Failure(code: code) }
    count = started
    break
  }
  var next = indices.lowerBound
  var refused = false
  while let result = queue.take(next, workers: count) {
    next += 1
    if refused { continue }  // only waits for the workers to end
    do {
      try consume(next - 1, result)
    } catch {
      queue.fail(next - 1, error)
      refused = true
    }
  }
  if let error = queue.firstError { throw error }
  return next
}

/// A queue of indices to the workers and of results from them.
private final class OrderedQueue<Result: Sendable>: Sendable {
  private struct State {
    var next: Int
    var consumed: Int
    var retired = 0
    var finished: [Int: Result] = [:]
    var failure: (index: Int, error: any Error)?
  }

  private let indices: Range<Int>
  private let lead: Int
  private let state: Mutex<State>
  private let changed = NSCondition()

  init(_ indices: Range<Int>, lead: Int) {
    self.indices = indices
    self.lead = lead
    state = Mutex(State(next: indices.lowerBound, consumed: indices.lowerBound))
  }

  var firstError: (any Error)? { state.withLock { $0.failure?.error } }

  /// The next index for a worker, or nil if there is none; waits while workers are too far ahead.
  func claim(shouldStop: () -> Bool) -> Int? {
    changed.lock()
    defer { changed.unlock() }
    while state.withLock({
      $0.failure == nil && $0.next < indices.upperBound && $0.next - $0.consumed >= lead
    }) {
      changed.wait()
    }
    if shouldStop() { return nil }
    return state.withLock { state in
      guard state.failure == nil, state.next < indices.upperBound else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  func finish(_ index: Int, _ result: Result) {
    update { $0.finished[index] = result }
  }

  /// Indices are claimed in order, so every lower one runs to its end and may still replace this error.
  func fail(_ index: Int, _ error: any Error) {
    update {
      if let failure = $0.failure, failure.index <= index { return }
      $0.failure = (index, error)
    }
  }

  func retire() {
    update { $0.retired += 1 }
  }

  /// The result of an index, or nil if there will be none.
  func take(_ index: Int, workers: Int) -> Result? {
    changed.lock()
    defer { changed.unlock() }
    while true {
      let (result, over) = state.withLock { state in
        let result = state.finished.removeValue(forKey: index)
        if result != nil { state.consumed = index + 1 }
        return (result, state.retired == workers)
      }
      if result != nil || over {
        changed.broadcast()
        return result
      }
      changed.wait()
    }
  }

  private func update(_ change: (inout sending State) -> Void) {
    changed.lock()
    state.withLock { change(&$0) }
    changed.broadcast()
    changed.unlock()
  }
}
