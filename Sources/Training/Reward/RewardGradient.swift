// Loss and gradient of a batch of pairs, chunk by chunk.
import ModelCore
import Tasks

/// Scores both responses of every pair and sums the gradient of the loss, through the head and the layers.
///
/// A chunk is so many pairs in the order of their places, packed into one batch of the model. Chunks
/// depend on the pairs alone and are summed in order: the bits are the same on any number of threads.
public final class RewardGradient<Scalar: ModelScalar> {
  /// What a pass over a batch reports.
  public struct Report: Sendable {
    /// Mean over the pairs.
    public let loss: Double
    /// Loss of each pair.
    public let losses: [Double]
    /// r_c of each pair.
    public let chosen: [Double]
    /// r_r of each pair.
    public let rejected: [Double]
  }

  private let batch: BatchGradient<Scalar>
  private let chunkSize: Int

  /// Pairs of one chunk unless asked otherwise.
  public static var chunkSize: Int { 8 }

  /// - Parameters:
  ///   - model: With a reward head.
  ///   - pairCount: The most pairs that a batch may have.
  ///   - chunkSize: Pairs of one chunk; changes rounding and speed and nothing else.
  public init(
    _ model: Transformer<Scalar>, pairCount: Int, chunkSize: Int = RewardGradient.chunkSize
  ) {
    self.chunkSize = chunkSize
    batch = BatchGradient(model, chunkCount: (pairCount + chunkSize - 1) / chunkSize)
  }

  /// Bytes of the gradients that are held for a batch.
  public static func byteCount(_ layout: ParameterLayout, pairCount: Int, threads: Int) -> Double {
    BatchGradient<Scalar>.byteCount(
      layout, chunkCount: (pairCount + chunkSize - 1) / chunkSize, threads: threads)
  }

  /// The gradient of the loss of the last pass.
  public var gradient: GradientBuffer<Scalar> {
    _read { yield batch.gradient }
    _modify { yield &batch.gradient }
  }

  /// Scores a batch and leaves the gradient of its loss in `gradient`.
  public func accumulate(
    _ pairs: [PreferencePair], _ loss: BradleyTerry, threads: Int
  ) throws -> Report {
    let chunks = stride(from: 0, to: pairs.count, by: chunkSize).map {
      Array(pairs[$0..<min($0 + chunkSize, pairs.count)])
    }
    let count = Double(pairs.count)
    let results = try batch.sum(chunkCount: chunks.count, threads: threads) {
      workspace, chunk, gradient in
      var packed = PackedSequences()
      for pair in chunks[chunk] {
        packed.append(ScoredSequence(stateAfter: pair.sequences.chosen))
        packed.append(ScoredSequence(stateAfter: pair.sequences.rejected))
      }
      let rewards = workspace.rewards(packed)
      let terms = chunks[chunk].enumerated().map { place, pair in
        loss.terms(
          chosen: rewards[2 * place], rejected: rewards[2 * place + 1], margin: pair.margin,
          isTie: pair.isTie)
      }
      workspace.accumulateGradient(
        rewards: terms.flatMap { [Scalar($0.chosen / count), Scalar($0.rejected / count)] },
        into: &gradient)
      return (losses: terms.map(\.loss), rewards: rewards)
    }
    let rewards = results.flatMap(\.rewards)
    let losses = results.flatMap(\.losses)
    return Report(
      loss: losses.reduce(0, +) / count, losses: losses,
      chosen: pairs.indices.map { rewards[2 * $0] },
      rejected: pairs.indices.map { rewards[2 * $0 + 1] })
  }
}
