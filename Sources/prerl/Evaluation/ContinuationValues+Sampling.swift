// Continuations of rollouts that were sampled here, with progress.
import KeyedRandom
import ModelCore
import Tasks
import Training

extension ContinuationValues {
  /// Refuses `--continuations` for a model whose continuations nothing here can judge; its task.
  @discardableResult
  static func requireTask(of checkpoint: Checkpoint) throws(CommandFailure) -> any PolicyTask {
    guard let task = checkpoint.builtInTask else {
      throw CommandFailure.usage(
        "--continuations with \(checkpoint.name) (expected a model of the built-in problems, whose "
          + "continuations can be judged)")
    }
    return task
  }

  /// The states of rollouts, and V of each.
  ///
  /// - Parameter sampling: How the rollouts were sampled, so that continuations are sampled likewise.
  func values(
    of rollouts: [Rollout], _ checkpoint: Checkpoint, _ sampling: RolloutSampling,
    _ task: any PolicyTask, _ common: CommonOptions
  ) throws -> (states: [[Int]], values: [[Estimate]]) {
    let model = try checkpoint.model(Float.self)
    let responses = rollouts.map { TaskResponse(of: $0) }
    let states = responses.map { self.states($0, of: task) }
    let options = SamplingOptions(
      maximumNewTokens: sampling.maximumNewTokens, temperature: sampling.temperature,
      endTokens: model.configuration.eosTokens.map { Int32($0) })
    let total = states.reduce(0) { $0 + $1.count }
    let progress = ProgressBar("continuing", total: total, unit: "states", quiet: common.quiet)
    defer { progress.finish() }
    var done = 0
    do {
      let values = try values(
        of: responses, states: states, task: task, model: model, options: options,
        key: common.key.derive("continuations"), threads: common.threads,
        shouldStop: { Interruption.isRequested },
        progress: {
          done += $0
          progress.update(done)
        }, score: \.reward)
      return (states, values)
    } catch is CancellationError {
      progress.finish()
      throw CommandFailure.interrupted("interrupted (nothing was written)")
    }
  }
}
