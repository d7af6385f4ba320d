// Loss and gradient of a batch of rollouts, chunk by chunk.
import ModelCore

/// Scores the rollouts of a batch and sums the gradient of its loss.
///
/// A chunk is so many rollouts in the order of their indices, packed into one batch of the model;
/// those without a gradient (left out, or advantage 0) are scored in chunks of their own, so that
/// entropies are those of all tokens. Chunks depend on the rollouts alone and are summed in order:
/// the bits are the same on any number of threads.
public final class PolicyGradient<Scalar: ModelScalar> {
  /// What a pass over the batch reports.
  public struct Report: Sendable {
    /// Minus the objective.
    public let loss: Double
    /// Loss of each rollout, to find the one that is not finite.
    public let losses: [Double]
    /// log π of the scored tokens of each rollout, in the objective's space.
    public let logProbabilities: [[Double]]
    /// Mean entropy over all scored tokens, in nats.
    public let entropy: Double
    /// The loss's metrics, each a mean over the tokens that take part, in the order of its list.
    public let metrics: [Double]
  }

  private struct ChunkResult: Sendable {
    var losses: [Double] = []
    var logProbabilities: [[Double]] = []
    var entropy = 0.0
    var sums: [Double]
  }

  private let batch: BatchGradient<Scalar>
  private let chunkSize: Int

  /// Rollouts of one chunk unless asked otherwise.
  public static var chunkSize: Int { 16 }

  /// - Parameters:
  ///   - rolloutCount: The most rollouts a batch may have.
  ///   - chunkSize: Rollouts of one chunk; changes rounding and speed and nothing else.
  public init(
    _ model: Transformer<Scalar>, rolloutCount: Int, chunkSize: Int = PolicyGradient.chunkSize
  ) {
    self.chunkSize = chunkSize
    batch = BatchGradient(model, chunkCount: Self.chunkCount(rolloutCount, chunkSize))
  }

  /// Bytes of the gradients that are held for a batch.
  public static func byteCount(
    _ layout: ParameterLayout, rolloutCount: Int, threads: Int
  ) -> Double {
    BatchGradient<Scalar>.byteCount(
      layout, chunkCount: chunkCount(rolloutCount, chunkSize), threads: threads)
  }

  /// One more than the rollouts fill, for a second list that ends within a chunk.
  private static func chunkCount(_ rolloutCount: Int, _ chunkSize: Int) -> Int {
    (rolloutCount + chunkSize - 1) / chunkSize + 1
  }

  /// The gradient of the loss of the last pass with a gradient.
  public var gradient: GradientBuffer<Scalar> {
    _read { yield batch.gradient }
    _modify { yield &batch.gradient }
  }

  /// Scores a batch and leaves the gradient of its loss in `gradient`.
  ///
  /// - Parameters:
  ///   - old: log π of the scored tokens of each rollout under the policy that sampled them; nil
  ///     for the present policy, all ratios then being 1.
  ///   - reference: The same under the reference; needed where the loss uses it.
  ///   - needsGradient: False to score only.
  public func accumulate(
    _ objective: PolicyObjective, old: [[Double]]? = nil, reference: [[Double]]? = nil,
    needsGradient: Bool = true, threads: Int
  ) throws -> Report {
    precondition(!objective.loss.usesReference || reference != nil, "the loss needs a reference")
    let metricCount = type(of: objective.loss).metrics.count
    let scored = objective.rollouts.indices.filter { objective.sequence($0).scoredCount > 0 }
    let active = scored.filter { needsGradient && objective.isActive($0) }
    let passive = scored.filter { !(needsGradient && objective.isActive($0)) }
    let activeChunks = chunks(active)
    let chunks = activeChunks + chunks(passive)
    let results = try batch.sum(chunkCount: chunks.count, threads: threads) {
      workspace, chunk, gradient in
      var packed = PackedSequences()
      for index in chunks[chunk] { packed.append(objective.sequence(index)) }
      let scores = workspace.score(packed)
      var result = ChunkResult(sums: Array(repeating: 0, count: metricCount))
      var coefficients: [Scalar] = []
      for (place, index) in chunks[chunk].enumerated() {
        let own = Array(scores.logProbabilities[packed.scored(ofSequences: place..<place + 1)])
        let terms = objective.terms(
          index, logProbabilities: own, old: old?[index] ?? own,
          reference: reference?[index] ?? [])
        result.losses.append(terms.loss)
        result.logProbabilities.append(own)
        for (metric, sum) in terms.sums.enumerated() { result.sums[metric] += sum }
        coefficients += terms.coefficients.map { Scalar($0) }
      }
      result.entropy = scores.entropies.reduce(0, +)
      if chunk < activeChunks.count {
        workspace.accumulateGradient(coefficients: coefficients, into: &gradient)
      }
      return result
    }
    return report(objective, chunks, results)
  }

  private func chunks(_ indices: [Int]) -> [[Int]] {
    stride(from: 0, to: indices.count, by: chunkSize).map {
      Array(indices[$0..<min($0 + chunkSize, indices.count)])
    }
  }

  private func report(
    _ objective: PolicyObjective, _ chunks: [[Int]], _ results: [ChunkResult]
  ) -> Report {
    var losses = [Double](repeating: 0, count: objective.rollouts.count)
    var logProbabilities = [[Double]](repeating: [], count: objective.rollouts.count)
    for (chunk, result) in zip(chunks, results) {
      for (place, index) in chunk.enumerated() {
        losses[index] = result.losses[place]
        logProbabilities[index] = result.logProbabilities[place]
      }
    }
    let tokens = logProbabilities.reduce(0) { $0 + $1.count }
    let kept = objective.keptCounts.reduce(0, +)
    let metrics = type(of: objective.loss).metrics.indices.map { metric in
      kept == 0 ? 0 : results.reduce(0) { $0 + $1.sums[metric] } / Double(kept)
    }
    return Report(
      loss: losses.reduce(0, +), losses: losses, logProbabilities: logProbabilities,
      entropy: tokens == 0 ? 0 : results.reduce(0) { $0 + $1.entropy } / Double(tokens),
      metrics: metrics)
  }
}
