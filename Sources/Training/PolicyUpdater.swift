// The policy's side of an update: the gradient of an objective, its clipping, and AdamW.
import KeyedRandom
import ModelCore
import Tasks

/// Changes a policy along the gradients of objectives.
final class PolicyUpdater {
  let model: Transformer<Float>
  private let configuration: PolicyConfiguration
  private let threads: Int
  private let gradient: PolicyGradient<Float>
  private(set) var optimizer: AdamW
  /// A second objective beside the policy's.
  private let likelihood: LikelihoodTerm?
  /// The step of the last update and how many it has had.
  private var last = (step: 0, updates: 0)

  init(
    _ model: Transformer<Float>, _ configuration: PolicyConfiguration, _ task: any PolicyTask,
    key: RandomKey, threads: Int
  ) {
    self.model = model
    self.configuration = configuration
    self.threads = threads
    gradient = PolicyGradient(
      model, rolloutCount: configuration.problemsPerStep * configuration.rolloutsPerProblem)
    optimizer = AdamW(model.layout, settings: configuration.optimizer)
    likelihood = configuration.likelihood.flatMap { settings in
      (task as? any ConversationTask).map {
        LikelihoodTerm(
          settings, $0, model, key: key.derive("logged conversations"), threads: threads)
      }
    }
  }

  /// Whether every batch moves the policy, also one without advantages.
  var alwaysMoves: Bool { likelihood != nil }

  /// What the second objective reports of an update.
  struct LikelihoodReport {
    /// Mean loss of a token in nats.
    let loss: Double
    /// Cosine of its gradient and the policy's: above 0 a step of one helps the other.
    let cosine: Double
  }

  /// Adds the gradient of the second objective to that of the policy's loss; nil without one.
  func addLikelihood(step: Int) throws -> LikelihoodReport? {
    guard let likelihood else { return nil }
    last = last.step == step ? (step, last.updates + 1) : (step, 0)
    let loss = try likelihood.accumulate(step: step, update: last.updates)
    var cosine = Double.nan
    likelihood.withGradient { own in
      let product = gradient.gradient.values.innerProduct(own.values)
      let norms = gradient.gradient.values.norm() * own.values.norm()
      if norms > 0 { cosine = product / norms }
      gradient.gradient.values.add(own.values, scaledBy: Float(likelihood.settings.coefficient))
    }
    return LikelihoodReport(loss: loss, cosine: cosine)
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
