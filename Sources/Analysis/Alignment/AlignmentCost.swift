// What an alignment run will need: memory before it starts, time from some of its rollouts.
import ModelCore

/// The memory of a run, by part.
public struct AlignmentMemory: Sendable, Hashable {
  /// Bytes of the weights.
  public let weights: Int
  /// Bytes of one thread's workspace for the longest rollout under both contexts.
  public let workspace: Int
  /// Bytes in all that the controls over all rollouts need at least; nil without such controls.
  public let collection: Int?
  public let threads: Int

  /// Bytes of a run over rollouts one at a time.
  public func total(threads: Int) -> Int { weights + threads * workspace }

  /// The most threads that fit into so many bytes; nil if not even one does.
  public func threads(fitting limit: Int) -> Int? {
    let count = (limit - weights) / max(1, workspace)
    return limit > weights && count > 0 ? count : nil
  }
}

/// How long a run will take.
public struct AlignmentTime: Sendable, Hashable {
  /// Rollouts that were measured, and the tokens of their sequences under both contexts.
  public let rollouts: Int
  public let tokens: Int
  /// How long they took.
  public let seconds: Double
  /// Tokens of all rollouts of the run.
  public let allTokens: Int

  /// Of the whole run, linear in tokens. Controls over all rollouts are not counted.
  public var estimate: Double { seconds * Double(allTokens) / Double(max(1, tokens)) }
}

extension AlignmentRun {
  /// The tokens of a rollout's sequences.
  private func tokenCount(_ index: Int) -> Int {
    [true, false].reduce(0) { $0 + plan.sequence(index, marginal: $1).rowCount }
  }

  /// The memory of the run.
  public var memory: AlignmentMemory {
    let longest = samples.max { tokenCount($0) < tokenCount($1) } ?? 0
    let pair = [true, false].map { plan.sequence(longest, marginal: $0) }
    let collection =
      plan.collectionControls.isEmpty
      ? nil
      : GradientMemory(
        plan, model, threads: threads, limit: memoryLimit
      ).leastBytes(of: plan)
    return AlignmentMemory(
      weights: model.byteCount,
      workspace: Workspace<Scalar>.byteCount(
        model.layout, rowCount: pair.reduce(0) { $0 + $1.rowCount },
        scoredCount: pair.reduce(0) { $0 + $1.scoredCount },
        longest: pair.map(\.rowCount).max() ?? 0) + model.panelByteCount
        + GradientMemory.bytesPerThread,
      collection: collection, threads: threads)
  }

  /// Measures evenly spaced rollouts, a few for each thread, until the time is over.
  ///
  /// - Parameters:
  ///   - seconds: No round of rollouts starts after this time.
  ///   - shouldStop: Asked by every worker.
  /// - Returns: nil where it was stopped.
  public func estimateTime(
    seconds limit: Double, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> AlignmentTime? {
    let all = Array(samples)
    // The middle of the range first, then its halves: any prefix is spread over the rollouts.
    let stride = max(1, all.count / 64)
    var order = Swift.stride(from: stride / 2, to: all.count, by: stride).map { all[$0] }
    order = order.indices.sorted { Self.reversed($0) < Self.reversed($1) }.map { order[$0] }
    let models = AlignmentModels(model)
    let plan = plan
    let clock = ContinuousClock()
    var (measured, tokens) = (0, 0)
    // A round before the clock starts pays for first uses.
    var start: ContinuousClock.Instant?
    while measured < order.count {
      let round = Array(order[measured..<min(order.count, measured + threads)])
      let next = try forEachInOrder(
        0..<round.count, threads: threads, shouldStop: shouldStop,
        makeWorker: { SampleAligner(plan: plan, models: models) },
        body: { aligner, place in aligner.measure(round[place]).index }, consume: { _, _ in })
      guard next == round.count else { return nil }
      guard let begin = start else {
        start = clock.now
        if order.count > round.count { order.removeFirst(round.count) }
        continue
      }
      measured += round.count
      tokens += round.reduce(0) { $0 + tokenCount($1) }
      if clock.now - begin >= .seconds(limit) { break }
    }
    let elapsed = start.map { (clock.now - $0) / .seconds(1) } ?? 0
    return AlignmentTime(
      rollouts: measured, tokens: tokens, seconds: elapsed,
      allTokens: all.reduce(0) { $0 + tokenCount($1) })
  }

  /// An index with its bits in the other order.
  private static func reversed(_ index: Int) -> UInt64 {
    var (bits, result) = (UInt64(index), UInt64(0))
    for _ in 0..<64 {
      result = result << 1 | bits & 1
      bits >>= 1
    }
    return result
  }
}
