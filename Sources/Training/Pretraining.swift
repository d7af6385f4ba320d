// Next-token pretraining on documents of a task, packed into rows.
//
// Loss = mean over all scored tokens of a step of −log π(token | its document so far). Each document
// begins with <bos> and sees only itself (block-diagonal causal mask, positions from 0), so half of
// the corpus trains P(y), the other half P(x y).
import KeyedRandom
import ModelCore
import Tasks

/// A pretraining run, one update at a time.
public final class Pretraining {
  /// What one update reports.
  public struct StepMetrics: Sendable {
    /// Counted from 1.
    public let step: Int
    /// Mean negative log-probability in nats.
    public let loss: Double
    /// Mean entropy of the predictions in nats.
    public let entropy: Double
    /// Norm of the loss gradient before clipping.
    public let gradientNorm: Double
    public let learningRate: Double
    /// Tokens of the documents of this step.
    public let tokenCount: Int
  }

  public let configuration: PretrainingConfiguration
  public let model: Transformer<Float>
  private let document: @Sendable (Int) -> [Int32]
  private var packer: DocumentPacker
  private var optimizer: AdamW
  private let batch: BatchGradient<Float>
  private let threads: Int
  public private(set) var step = 0

  /// A run at its beginning.
  ///
  /// - Parameter model: the model to train, of the configuration's shape; nil draws one afresh.
  public init(
    _ configuration: PretrainingConfiguration, from model: Transformer<Float>? = nil, threads: Int
  ) {
    self.configuration = configuration
    self.threads = threads
    let key = RandomKey(seed: configuration.seed)
    self.model = model ?? Transformer(configuration.model)
    if model == nil { self.model.initialize(key.derive("initialization")) }
    let document = configuration.task.documents(
      questionShare: configuration.questionShare, key: key.derive("corpus"))
    let count = configuration.documentCount ?? .max
    self.document = { document($0 % count) }
    packer = DocumentPacker(rowLength: configuration.rowLength)
    optimizer = AdamW(self.model.layout, settings: configuration.optimizer)
    batch = BatchGradient(
      self.model,
      chunkCount: (configuration.rowsPerStep + configuration.rowsPerChunk - 1)
        / configuration.rowsPerChunk)
  }

  /// Index of the corpus's next document: with the model, the optimizer and `step` all there is to
  /// save.
  public var nextDocument: Int { packer.nextDocument }

  /// Writes both moments of the optimizer.
  public func saveOptimizer(to path: String) throws {
    try optimizer.save(to: path)
  }

  /// Takes a saved run's place in time.
  ///
  /// - Throws: `SafetensorsError` or `OptimizerError` for a file that is no optimizer of this model.
  public func restore(
    _ saved: Transformer<Float>, optimizer path: String, step: Int, nextDocument: Int
  ) throws {
    precondition(saved.layout.count == model.layout.count, "a model of another shape")
    try optimizer.load(path)
    saved.withParameters { source in model.withParameters { $0.copy(from: source) } }
    packer = DocumentPacker(rowLength: configuration.rowLength, nextDocument: nextDocument)
    self.step = step
  }

  /// The rows of the next step: token ids of whole documents.
  public func nextRows() -> [[[Int32]]] {
    packer.nextRows(configuration.rowsPerStep, document: document)
  }

  /// One update on the next rows.
  public func advance() throws -> StepMetrics {
    let rows = nextRows()
    let chunks = stride(from: 0, to: rows.count, by: configuration.rowsPerChunk).map { first in
      var packed = PackedSequences()
      for document in rows[first..<min(first + configuration.rowsPerChunk, rows.count)].joined() {
        packed.append(
          ScoredSequence(context: [document[0]], response: Array(document.dropFirst())))
      }
      return packed
    }
    let scoredCount = chunks.reduce(0) { $0 + $1.scoredCount }
    // The gradient of the loss: the objective's coefficients are those of −mean.
    let coefficient = -1 / Float(scoredCount)
    let scores = try batch.sum(chunkCount: chunks.count, threads: threads) {
      workspace, index, gradient in
      let scores = workspace.score(chunks[index])
      workspace.accumulateGradient(
        coefficients: Array(repeating: coefficient, count: chunks[index].scoredCount),
        into: &gradient)
      return scores
    }
    let norm = batch.gradient.values.norm()
    let rate = configuration.schedule.rate(at: step)
    let clip =
      norm > configuration.maximumGradientNorm ? configuration.maximumGradientNorm / norm : 1
    model.withParameters { parameters in
      optimizer.update(
        &parameters, gradient: batch.gradient.values, scale: clip, learningRate: rate,
        threads: threads)
    }
    step += 1
    func mean(_ value: (TokenScores) -> [Double]) -> Double {
      scores.reduce(0) { $0 + value($1).reduce(0, +) } / Double(scoredCount)
    }
    return StepMetrics(
      step: step, loss: -mean(\.logProbabilities), entropy: mean(\.entropies), gradientNorm: norm,
      learningRate: rate, tokenCount: rows.joined().reduce(0) { $0 + $1.count })
  }
}
