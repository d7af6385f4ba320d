// One prediction of the update rules' gains, from scored rollouts to its file.
import ModelCore
import Runs
import Tasks

/// A prediction that can be started, watched and interrupted.
///
///     let run = SurrogateRun(rollouts, heldOut: others, options: options, model: model)
///     let outcome = try run.run()
///
/// Results do not depend on threads.
public struct SurrogateRun<Scalar: ModelScalar> {
  public let plan: AlignmentPlan
  public let model: Transformer<Scalar>
  /// How errors call the rollouts, such as their file.
  public var rolloutsName = "rollouts"
  /// Where the numbers go as JSON.
  public var summaryPath: String?
  /// Whether a file at `summaryPath` is replaced.
  public var overwrites = false
  public var threads = 1
  /// Bytes that may be used in all, the model included. It changes the number of passes over the rollouts
  /// and no result.
  public var memoryLimit = Machine.defaultMemoryLimit

  /// A prediction from scored rollouts in groups of one prompt.
  ///
  /// - Parameters:
  ///   - rollouts: Of problems that will be trained on.
  ///   - heldOut: Of problems that share no cluster with them; `ClusterSplit` divides one list.
  ///   - otherAdvantages: Of `rollouts`; the rules with them stand beside the others.
  ///   - options: The null context and the seed count; controls are chosen here.
  public init(
    _ rollouts: [Rollout], heldOut: [Rollout], otherAdvantages: OtherAdvantages? = nil,
    options: AlignmentOptions, model: Transformer<Scalar>
  ) {
    plan = SurrogatePrediction.plan(
      rollouts, heldOut: heldOut, otherAdvantages: otherAdvantages, options: options,
      vocabularySize: model.configuration.vocabularySize)
    self.model = model
  }

  /// How the run ended.
  public enum Outcome: Sendable {
    case finished(SurrogatePrediction)
    /// Stopped; nothing was written.
    case interrupted
  }

  /// Measures and writes the file.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked by every worker.
  ///   - progress: Gets the control in hand and its share that is done, on the calling thread.
  /// - Throws: `OutputError` where the rollouts do not allow a prediction, or for the file;
  ///   `MemoryLimitExceeded`.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (_ control: String, _ share: Double) -> Void = { _, _ in }
  ) throws -> Outcome {
    guard
      let prediction = try SurrogatePrediction.measure(
        plan, of: rolloutsName, model: model, threads: threads,
        memoryLimit: memoryLimit, shouldStop: shouldStop, progress: progress)
    else { return .interrupted }
    if let summaryPath {
      try AtomicFile.publish(
        prediction.json.text(indent: 2) + "\n", to: summaryPath, overwrite: overwrites)
    }
    return .finished(prediction)
  }
}
