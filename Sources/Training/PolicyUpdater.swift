// The policy's side of an update: the gradient of an objective, its clipping, and AdamW.
import ModelCore

/// Changes a policy along the gradients of objectives.
final class PolicyUpdater {
  let model: Transformer<Float>
  private let configuration: PolicyConfiguration
  private let threads: Int
  private let gradient: PolicyGradient<Float>
  private(set) var optimizer: AdamW

  init(_ model: Transformer<Float>, _ configuration: PolicyConfiguration, threads: Int) {
    self.model = model
    self.configuration = configuration
    self.threads = threads
    gradient = PolicyGradient(
      model, rolloutCount: configuration.problemsPerStep * configuration.rolloutsPerProblem)
    optimizer = AdamW(model.layout, settings: configuration.optimizer)
  }

  /// Reads the optimizer's moments.
  func load(optimizer path: String) throws { try optimizer.load(path) }

  /// Forgets the optimizer's moments.
  func startAfresh() {
    optimizer = AdamW(model.layout, settings: configuration.optimizer)
  }

  /// Scores an objective and computes its gradient (see `PolicyGradient.accumulate`).
  ///
  /// - Throws: `TrainingError` where a loss is not finite.
  func accumulate(
    _ objective: PolicyObjective, old: [[Double]]?, reference: [[Double]]?,
    needsGradient: Bool = true, step: Int
  ) throws -> PolicyGradient<Float>.Report {
    let report = try gradient.accumulate(
      objective, old: old, reference: reference, needsGradient: needsGradient, threads: threads)
    if let index = report.losses.firstIndex(where: { !$0.isFinite }) {
      let place = objective.places[index]
        .quotientAndRemainder(dividingBy: configuration.rolloutsPerProblem)
      throw TrainingError(step: step, rollout: (place.quotient, place.remainder))
    }
    return report
  }

  /// Adds a multiple of another gradient of the same parameters to the last one.
  func add(_ other: borrowing GradientBuffer<Float>, scaledBy factor: Double) {
    gradient.gradient.values.add(other.values, scaledBy: Float(factor))
  }

  /// One update of the policy along minus the gradient.
  ///
  /// - Returns: The gradient's norm before clipping.
  /// - Throws: `TrainingError` where it is not finite; the policy is then as it was.
  func update(learningRate: Double, step: Int) throws -> Double {
    let norm = try gradientNorm(step: step)
    let limit = configuration.maximumGradientNorm
    model.withParameters { parameters in
      optimizer.update(
        &parameters, gradient: gradient.gradient.values,
        scale: norm > limit ? limit / norm : 1, learningRate: learningRate, threads: threads)
    }
    return norm
  }

  /// The norm of the last gradient.
  ///
  /// - Throws: `TrainingError` where it is not finite.
  func gradientNorm(step: Int) throws -> Double {
    let norm = gradient.gradient.values.norm()
    guard norm.isFinite else { throw TrainingError(step: step) }
    return norm
  }
}
