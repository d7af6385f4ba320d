// What a reward model is worth on pairs that it has not learned from.
import KeyedRandom
import ModelCore
import Statistics
import Tables
import Tasks

/// Evaluates reward models on pairs that stay the same.
public struct RewardEvaluator {
  /// A statistic with its value.
  public typealias Value = (column: PairColumn, interval: Interval)

  private let pairs: [PreferencePair]
  private let seed: UInt64
  private let threads: Int

  /// - Parameters:
  ///   - pairs: None of them a tie.
  ///   - seed: Of the bootstrap.
  public init(_ pairs: [PreferencePair], seed: UInt64, threads: Int) {
    self.pairs = pairs
    self.seed = seed
    self.threads = threads
  }

  /// The statistics of a model with a reward head.
  ///
  /// - Throws: `NonFiniteError` for a reward, `CancellationError` when it was stopped.
  public func evaluate(
    _ model: Transformer<Float>, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> [Value] {
    let rewards = try SequenceScorer(model).rewards(
      after: pairs.flatMap { [$0.sequences.chosen, $0.sequences.rejected] }, threads: threads,
      shouldStop: shouldStop)
    if let place = rewards.firstIndex(where: { !$0.isFinite }) {
      throw NonFiniteError("the reward of the held-out pair \(pairs[place / 2].id)")
    }
    let judged = JudgedPairs(
      pairs: pairs, chosen: pairs.indices.map { rewards[2 * $0] },
      rejected: pairs.indices.map { rewards[2 * $0 + 1] },
      bootstrap: BootstrapT(key: RandomKey(seed: seed).derive("bootstrap")))
    return PairColumn.all.map { ($0, $0.value(judged)) }
  }

  /// The statistics with the ends of their intervals, as they are written.
  static var variables: [(name: String, units: String, longName: String)] {
    PairColumn.all.flatMap { column in
      Interval.parts.prefix(column.hasInterval ? 3 : 1).map { part in
        let words = part.words.isEmpty ? "" : part.words + " of the 95% interval"
        return (column.name + part.suffix, column.units, column.longName + words)
      }
    }
  }
}
