import Foundation
import ModelCore
import Synchronization
import Testing

@Suite struct ParallelTests {
  private struct Failure: Error, Equatable {
    var place: Int
  }

  /// Work whose length varies, so that results come out of order.
  private static func work(_ index: Int) {
    if index % 3 == 0 { usleep(UInt32(index % 7) * 200) }
  }

  @Test(arguments: [1, 2, 3, 8]) func resultsComeInOrder(threads: Int) throws {
    let workers = Mutex(0)
    let shared = Mutex(0)
    var consumed: [Int] = []
    let end = try forEachInOrder(
      10..<210, threads: threads, makeWorker: { workers.withLock { $0 += 1 } },
      body: { _, index in
        Self.work(index)
        shared.withLock { $0 += 1 }
        return index * index
      },
      consume: { index, square in
        #expect(square == index * index)
        consumed.append(index)
      })
    #expect(consumed == Array(10..<210))
    #expect(end == 210)
    #expect(shared.withLock { $0 } == 200, "each index once")
    #expect(1...threads ~= workers.withLock { $0 }, "at most one worker a thread")
  }

  @Test func emptyRangesEndAtOnce() throws {
    let end = try forEachInOrder(
      5..<5, threads: 3, makeWorker: {}, body: { _, index in index },
      consume: { _, _ in Issue.record("nothing to consume") })
    #expect(end == 5)
  }

  /// A worker's own state survives from one index to the next and is nobody else's.
  @Test func workersKeepTheirState() throws {
    let threads = 3
    var last: [Int: Int] = [:]
    let ids = Mutex(0)
    try forEachInOrder(
      0..<100, threads: threads,
      makeWorker: {
        (
          id: ids.withLock {
            $0 += 1
            return $0
          }, count: 0
        )
      },
      body: { worker, _ in
        worker.count += 1
        return worker
      },
      consume: { _, worker in
        #expect(worker.count > last[worker.id, default: 0])
        last[worker.id] = worker.count
      })
    #expect(last.values.reduce(0, +) == 100)
  }

  @Test(arguments: [1, 2, 3]) func theErrorOfABodyEndsTheRunAfterWhatCameBefore(threads: Int) {
    let begun = Mutex<[Int]>([])
    var consumed: [Int] = []
    #expect(throws: Failure(place: 31)) {
      try forEachInOrder(
        0..<1000, threads: threads, makeWorker: {},
        body: { _, index in
          begun.withLock { $0.append(index) }
          Self.work(index)
          if index == 31 { throw Failure(place: index) }
          return index
        }, consume: { index, _ in consumed.append(index) })
    }
    #expect(consumed == Array(0..<31))
    #expect(begun.withLock { $0.count } <= 31 + 1 + 4 * threads, "no new index is begun")
  }

  /// Which one comes later in time does not matter.
  @Test(arguments: [3, 4]) func theErrorOfTheLowestIndexIsTheOneThatIsThrown(slow: Int) {
    #expect(throws: Failure(place: 3)) {
      try forEachInOrder(
        0..<20, threads: 2, makeWorker: {},
        body: { _, index in
          if index == slow { usleep(50_000) }
          if index == 3 || index == 4 { throw Failure(place: index) }
          return index
        }, consume: { _, _ in })
    }
  }

  @Test func theErrorOfAWorkersCreationIsThrown() {
    #expect(throws: Failure(place: -1)) {
      try forEachInOrder(
        0..<20, threads: 2, makeWorker: { throw Failure(place: -1) },
        body: { (_: inout Int, index) in index },
        consume: { _, _ in Issue.record("nothing to consume") })
    }
  }

  /// What cannot be consumed must not be followed by what came later: a journal has no gaps.
  @Test(arguments: [1, 3]) func nothingIsConsumedAfterAnErrorOfConsume(threads: Int) {
    var consumed: [Int] = []
    #expect(throws: Failure(place: 17)) {
      try forEachInOrder(
        0..<1000, threads: threads, makeWorker: {}, body: { _, index in index },
        consume: { index, _ in
          if index == 17 {
            usleep(5_000)  // later results are there by now
            throw Failure(place: index)
          }
          consumed.append(index)
        })
    }
    #expect(consumed == Array(0..<17))
  }

  @Test(arguments: [1, 2, 3]) func stoppingConsumesEverythingThatWasBegun(threads: Int) throws {
    let begun = Mutex<[Int]>([])
    let stop = Mutex(false)
    var consumed: [Int] = []
    let end = try forEachInOrder(
      0..<100_000, threads: threads, shouldStop: { stop.withLock { $0 } }, makeWorker: {},
      body: { _, index in
        begun.withLock { $0.append(index) }
        Self.work(index)
        if index == 50 { stop.withLock { $0 = true } }
        return index
      }, consume: { index, _ in consumed.append(index) })
    #expect(consumed == begun.withLock { $0 }.sorted())
    #expect(consumed == Array(0..<end), "no gaps, and the end is where to go on")
    #expect(51...50 + 1 + 4 * threads ~= end)
  }

  @Test func stoppingBeforeTheStartConsumesNothing() throws {
    let end = try forEachInOrder(
      7..<100, threads: 2, shouldStop: { true }, makeWorker: {}, body: { _, index in index },
      consume: { _, _ in Issue.record("nothing to consume") })
    #expect(end == 7)
  }

  /// While index i is consumed, results up to i + 4 · threads may exist, and no others.
  @Test(arguments: [1, 2, 3]) func workersStayWithinTheLead(threads: Int) throws {
    let consuming = Mutex(-1)
    let farthest = Mutex(0)
    try forEachInOrder(
      0..<60, threads: threads, makeWorker: {},
      body: { _, index in
        let ahead = index - consuming.withLock { $0 }
        farthest.withLock { $0 = max($0, ahead) }
        return index
      },
      consume: { index, _ in
        // The index that is taken frees its place just before it is consumed.
        consuming.withLock { $0 = index }
        usleep(1000)
      })
    let lead = 4 * threads
    #expect(farthest.withLock { $0 } <= lead + 1)
    #expect(farthest.withLock { $0 } >= lead, "a slow consumer lets the workers use their lead")
  }
}
