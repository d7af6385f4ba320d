// From problems to groups of rewarded rollouts.
import KeyedRandom
import ModelCore
import Tasks

extension RolloutGroup {
  /// Samples each problem's rollouts from π(· | prompt) as a run's configuration says, and verifies
  /// them. Rollout s of problem p has the key `key.derive(p, s)`. What cannot be judged has reward 0.
  ///
  /// - Throws: What the verifier throws; `CancellationError` when it was stopped.
  public static func sample(
    _ problems: [TaskProblem], of task: any PolicyTask, from model: Transformer<Float>,
    _ configuration: PolicyConfiguration, key: RandomKey, threads: Int,
    shouldStop: @Sendable () -> Bool = { false }
  ) throws -> [RolloutGroup] {
    try sample(
      problems, of: task, from: model, configuration, imagined: nil, key: key, threads: threads,
      shouldStop: shouldStop)
  }

  /// The same, in part with an imagined environment.
  ///
  /// - Parameter imagined: Answers in the conversations of the first problems, as many as its settings say; nil for none.
  static func sample(
    _ problems: [TaskProblem], of task: any PolicyTask, from model: Transformer<Float>,
    _ configuration: PolicyConfiguration, imagined: ImaginedPartner?, key: RandomKey, threads: Int,
    shouldStop: @Sendable () -> Bool
  ) throws -> [RolloutGroup] {
    let perProblem = configuration.rolloutsPerProblem
    let requests = problems.enumerated().flatMap { place, problem in
      (0..<perProblem).map { sample in
        (problem: problem, key: key.derive(UInt64(place), UInt64(sample)))
      }
    }
    let options = configuration.samplingOptions(model)
    let imaginedCount = perProblem * (imagined?.settings.count(of: problems.count) ?? 0)
    var responses: [PolicyResponse] = []
    if let imagined, imaginedCount > 0 {
      responses = try model.respond(
        to: Array(requests[..<imaginedCount]), of: task, options, partner: imagined,
        threads: threads)
    }
    if imaginedCount < requests.count {
      responses += try model.respond(
        to: Array(requests[imaginedCount...]), of: task, options, threads: threads)
    }
    let found = try task.verify(
      zip(requests, responses).map { TaskResponse(problem: $0.problem, tokens: $1.tokens) },
      shouldStop: shouldStop)
    return problems.indices.map { place in
      RolloutGroup(
        (place * perProblem..<(place + 1) * perProblem).map { index in
          var rollout = RewardedRollout(
            prompt: requests[index].problem.promptTokens, response: responses[index].tokens,
            ended: responses[index].ended, reward: found[index]?.reward ?? 0,
            isOwn: responses[index].isOwn)
          rollout.conversation = responses[index].conversation
          return rollout
        })
    }
  }
}

extension [RolloutGroup] {
  /// Replaces the verifier's rewards by those of reward models, and keeps them beside.
  mutating func replaceRewards(by models: RewardEnsemble) throws {
    let rollouts = flatMap(\.rollouts)
    let rewards = try models.rewards(of: rollouts.map { ($0.prompt, $0.response, $0.isOwn) })
    var place = 0
    for group in indices {
      for sample in self[group].rollouts.indices {
        self[group].rollouts[sample].verified = self[group].rollouts[sample].reward
        self[group].rollouts[sample].reward = rewards[place]
        place += 1
      }
    }
  }
}

extension [RolloutGroup] {
  /// Lowers the rewards of conversations on whose answers models disagree, and keeps the verifier's beside.
  mutating func penalizeDisagreement(_ penalty: Double) {
    for group in indices {
      for sample in self[group].rollouts.indices {
        let rollout = self[group].rollouts[sample]
        guard let disagreement = rollout.conversation?.disagreement, disagreement != 0 else {
          continue
        }
        self[group].rollouts[sample].verified = rollout.verifiedReward
        self[group].rollouts[sample].reward -= penalty * disagreement
      }
    }
  }
}

extension PolicyConfiguration {
  /// How responses are sampled from a model.
  public func samplingOptions(_ model: Transformer<Float>) -> SamplingOptions {
    SamplingOptions(
      maximumNewTokens: maximumNewTokens, temperature: temperature,
      endTokens: model.configuration.eosTokens.map { Int32($0) })
  }
}
