// A reward model's training, one step at a time: pairs, rewards, Bradley-Terry, AdamW.
//
// The pairs of a step and the flipped labels are keyed by the seed, so a run is the model, the optimizer
// and the number of the last step: nothing else has to be saved.
import ModelCore
import Tasks

/// A run of `RewardConfiguration`.
public final class RewardTraining {
  public let configuration: RewardConfiguration
  public let data: PreferenceData
  /// The reward model; a step changes it.
  public let model: Transformer<Float>
  /// Steps made.
  public private(set) var step = 0
  /// Tokens of prompts and responses so far; each response has its prompt.
  public private(set) var tokenCount = 0
  private var optimizer: AdamW
  private let gradient: RewardGradient<Float>
  private let threads: Int

  /// A run at its beginning, from the model's present parameters.
  ///
  /// - Parameter model: With a reward head.
  public init(
    _ configuration: RewardConfiguration, _ data: PreferenceData, model: Transformer<Float>,
    threads: Int
  ) {
    precondition(model.configuration.head == .reward, "a model without a reward head")
    self.configuration = configuration
    self.data = data
    self.model = model
    self.threads = threads
    optimizer = AdamW(model.layout, settings: configuration.optimizer)
    gradient = RewardGradient(model, pairCount: configuration.pairsPerStep)
  }

  /// Takes a saved run's place in time; the model is as it was saved.
  ///
  /// - Throws: `SafetensorsError` or `OptimizerError` for a file that is no optimizer of this model.
  public func restore(optimizer path: String, step: Int, tokenCount: Int) throws {
    try optimizer.load(path)
    self.step = step
    self.tokenCount = tokenCount
  }

  /// Writes both moments of the optimizer.
  public func saveOptimizer(to path: String) throws {
    try optimizer.save(to: path)
  }

  /// One update on the next pairs.
  ///
  /// - Throws: `TrainingError` where a loss or the gradient is not finite; no update was made.
  public func advance() throws -> RewardMetrics {
    let next = step + 1
    let pairs = data.pairs(ofStep: next, count: configuration.pairsPerStep)
    let report = try gradient.accumulate(pairs, configuration.loss, threads: threads)
    if let place = report.losses.firstIndex(where: { !$0.isFinite }) {
      throw TrainingError(step: next, what: "the loss of pair \(pairs[place].id)")
    }
    let norm = gradient.gradient.values.norm()
    guard norm.isFinite else { throw TrainingError(step: next) }
    let rate = configuration.schedule.rate(at: step)
    let limit = configuration.maximumGradientNorm
    model.withParameters { parameters in
      optimizer.update(
        &parameters, gradient: gradient.gradient.values, scale: norm > limit ? limit / norm : 1,
        learningRate: rate, threads: threads)
    }
    step = next
    tokenCount += pairs.reduce(0) { $0 + $1.sequences.chosen.count + $1.sequences.rejected.count }
    return RewardMetrics(
      RewardMetrics.Step(
        number: next, pairs: pairs, loss: report.loss, chosen: report.chosen,
        rejected: report.rejected, gradientNorm: norm, learningRate: rate,
        epoch: Double(next * pairs.count) / Double(data.training.count), tokenCount: tokenCount))
  }
}
