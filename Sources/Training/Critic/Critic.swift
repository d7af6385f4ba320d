// A value function that learns: V(s_t) of the state before token t, s_t = prompt and y_<t.
//
// V is read at the row that predicts y_t, from the state after the final norm (as TRL's and verl's critics).
// The prompt is always there, in whatever space the policy is updated: it is part of the state.
import KeyedRandom
import ModelCore

/// A scalar head on a trunk, with the optimizers of what is its own.
final class Critic {
  /// What a pass over a batch reports.
  struct Report {
    /// Mean loss of a token.
    let loss: Double
    /// Share of tokens held by the limit of the value.
    let clippedShare: Double
  }

  private struct ChunkResult: Sendable {
    var loss = 0.0
    var clippedCount = 0
    /// The head's. (C + 1)
    var headGradient: [Float] = []
  }

  let settings: CriticSettings
  private let function: ValueFunction
  private let loss: ValueLoss
  private let maximumNorm: Double
  private let threads: Int
  private let batch: BatchGradient<Float>
  private var headGradient: Buffer<Float>
  /// Of a trunk of its own.
  private(set) var optimizer: AdamW
  private(set) var headOptimizer: AdamW

  /// Rollouts of one chunk, whatever the threads.
  private static var chunkSize: Int { PolicyGradient<Float>.chunkSize }

  /// - Parameters:
  ///   - policy: The policy before the first step.
  ///   - rolloutCount: The most rollouts a batch may have.
  ///   - maximumNorm: Gradients longer than this are scaled down to it.
  init(
    _ settings: CriticSettings, policy: Transformer<Float>, rolloutCount: Int,
    optimizer: AdamW.Settings, maximumNorm: Double, key: RandomKey, threads: Int
  ) {
    self.settings = settings
    self.maximumNorm = maximumNorm
    self.threads = threads
    loss = ValueLoss(clipRange: settings.clipRange)
    let trunk = settings.trunk == .separate ? policy.copy() : policy
    let width = policy.configuration.hiddenSize
    let head = ScalarHead<Float>(hiddenSize: width)
    let deviation = settings.initialization.deviation(hiddenSize: width)
    if deviation > 0 { head.initialize(key, deviation: deviation) }
    batch = BatchGradient(
      trunk, chunkCount: (rolloutCount + Self.chunkSize - 1) / Self.chunkSize)
    function = ValueFunction(trunk: trunk, head: head)
    headGradient = Buffer(count: head.count)
    self.optimizer = AdamW(
      settings.trunk == .separate ? trunk.layout.parameters : [], settings: optimizer)
    headOptimizer = AdamW(head.layout, settings: optimizer)
  }

  /// Its own model, or the policy.
  var trunk: Transformer<Float> { function.trunk }
  var head: ScalarHead<Float> { function.head }

  /// V before each scored token of each sequence, in order.
  func values(_ sequences: [ScoredSequence]) throws -> [[Double]] {
    try function.values(sequences, threads: threads)
  }

  /// Reads the moments of both optimizers.
  func loadOptimizers(trunk: String, head: String) throws {
    try optimizer.load(trunk)
    try headOptimizer.load(head)
  }

  // MARK: - Learning

  /// Computes the gradient of the mean value loss over the scored tokens of some sequences.
  ///
  /// Chunks depend on the sequences alone and are summed in order: the bits are the same on any number
  /// of threads.
  ///
  /// - Parameters:
  ///   - old: V of each scored token when the batch began.
  ///   - targets: R of each scored token.
  func accumulate(
    _ sequences: [ScoredSequence], old: [[Double]], targets: [[Double]]
  ) throws -> Report {
    let count = max(1, targets.reduce(0) { $0 + $1.count })
    let weight = 1 / Double(count)
    let chunks = stride(from: 0, to: sequences.count, by: Self.chunkSize).map {
      $0..<min($0 + Self.chunkSize, sequences.count)
    }
    let (head, loss, isDetached) = (head, loss, settings.trunk == .detached)
    let results = try batch.sum(chunkCount: chunks.count, threads: threads) {
      workspace, chunk, gradient in
      var packed = PackedSequences()
      for sequence in sequences[chunks[chunk]] { packed.append(sequence) }
      let values = workspace.values(packed, head: head)
      let pairs = zip(old[chunks[chunk]].joined(), targets[chunks[chunk]].joined())
      var result = ChunkResult()
      var slopes: [Float] = []
      for (value, (old, target)) in zip(values, pairs) {
        let token = loss.token(value: value, old: old, target: target)
        result.loss += weight * token.loss
        result.clippedCount += token.isClipped ? 1 : 0
        slopes.append(Float(weight * token.slope))
      }
      var own = Buffer<Float>(count: head.count)
      if isDetached {
        workspace.accumulateHeadGradient(values: slopes, head: head, headGradient: &own)
      } else {
        workspace.accumulateGradient(
          values: slopes, head: head, headGradient: &own, into: &gradient)
      }
      result.headGradient = own.withSpan { span in span.indices.map { span[$0] } }
      return result
    }
    headGradient.clear()
    headGradient.withMutableSpan { sum in
      for result in results {
        for (place, value) in result.headGradient.enumerated() { sum[place] += value }
      }
    }
    return Report(
      loss: results.reduce(0) { $0 + $1.loss },
      clippedShare: Double(results.reduce(0) { $0 + $1.clippedCount }) * weight)
  }

  /// Reads the trunk's part of the last gradient.
  func withTrunkGradient(_ body: (borrowing GradientBuffer<Float>) -> Void) {
    body(batch.gradient)
  }

  /// One update of the head, and of a trunk of its own, along minus the gradient.
  ///
  /// - Returns: The norm of the gradient of what is its own, before clipping.
  /// - Throws: `TrainingError` where it is not finite; nothing has changed then.
  func update(learningRate: Double, step: Int) throws -> Double {
    let ownTrunk = settings.trunk == .separate
    let trunkNorm = ownTrunk ? batch.gradient.values.norm() : 0
    let headNorm = headGradient.norm()
    let norm = (trunkNorm * trunkNorm + headNorm * headNorm).squareRoot()
    guard norm.isFinite else { throw TrainingError(step: step, what: "the critic's gradient") }
    let scale = norm > maximumNorm ? maximumNorm / norm : 1
    if ownTrunk {
      trunk.withParameters { parameters in
        optimizer.update(
          &parameters, gradient: batch.gradient.values, scale: scale, learningRate: learningRate,
          threads: threads)
      }
    }
    head.withParameters { parameters in
      headOptimizer.update(
        &parameters, gradient: headGradient, scale: scale, learningRate: learningRate)
    }
    return norm
  }
}
