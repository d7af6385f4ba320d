// What happens to a policy between the rollouts of a step and the next step.
import ModelCore
import Tasks

/// The rollouts of a step, with what learning from them needs.
struct LearningBatch {
  /// Counted from 1.
  let step: Int
  let problems: [TaskProblem]
  let groups: [RolloutGroup]
  let learningRate: Double
}

/// The way from a batch to changed parameters.
protocol PolicyLearner: AnyObject {
  /// The value function that learns beside the policy; nil where there is none.
  var critic: Critic? { get }

  /// Changes the policy.
  ///
  /// - Parameter shouldStop: Asked now and then while responses are judged.
  /// - Returns: The objective of the whole batch, and the means over its updates.
  /// - Throws: `TrainingError` for what is not finite; `CancellationError` when it was stopped before the
  ///   first update.
  func learn(
    from batch: LearningBatch, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (objective: PolicyObjective, updates: PolicyMetrics.Updates)
}

/// What a learner is made of.
struct LearnerParts {
  let configuration: PolicyConfiguration
  let task: any PolicyTask
  let updater: PolicyUpdater
  /// Scores under the policy that training started from; nil for algorithms that do not ask.
  let reference: SequenceScorer<Float>?
  let threads: Int
}

/// An algorithm that learns in a way of its own; others update on the whole batch.
protocol AlgorithmWithLearner: Algorithm {
  /// Models that have gradients of their own, the policy among them.
  var trainedModelCount: Int { get }

  func makeLearner(_ parts: LearnerParts) -> any PolicyLearner
}

extension Algorithm {
  /// The algorithm's learner.
  func learner(_ parts: LearnerParts) -> any PolicyLearner {
    (self as? any AlgorithmWithLearner)?.makeLearner(parts) ?? WholeBatchLearner(parts)
  }
}

extension SequenceScorer {
  /// log π of the scored tokens of every rollout of an objective.
  func scores(of objective: PolicyObjective, threads: Int) throws -> [[Double]] {
    var scores = [[Double]](repeating: [], count: objective.rollouts.count)
    let scored = scores.indices.filter { objective.sequence($0).scoredCount > 0 }
    let found = try tokenLogProbabilities(scored.map(objective.sequence), threads: threads)
    for (index, values) in zip(scored, found) { scores[index] = values }
    return scores
  }
}
