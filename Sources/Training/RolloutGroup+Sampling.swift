// From problems to groups of rewarded rollouts.
import KeyedRandom
import ModelCore
import Tasks

extension RolloutGroup {
  /// Samples each problem's rollouts from π(· | prompt) as a run's configuration says, and verifies
  /// them. Rollout s of problem p has the key `key.derive(p, s)`.
  public static func sample(
    _ problems: [CountdownProblem], from model: Transformer<Float>,
    _ configuration: PolicyConfiguration, key: RandomKey, threads: Int
  ) throws -> [RolloutGroup] {
    let perProblem = configuration.rolloutsPerProblem
    let requests = problems.enumerated().flatMap { problem, countdown in
      (0..<perProblem).map { sample in
        SamplingRequest(
          prompt: countdown.prompt, key: key.derive(UInt64(problem), UInt64(sample)))
      }
    }
    var groups = problems.map { _ in RolloutGroup([]) }
    try model.sample(
      requests,
      options: SamplingOptions(
        maximumNewTokens: configuration.maximumNewTokens, temperature: configuration.temperature,
        endTokens: model.configuration.eosTokens.map { Int32($0) }), threads: threads
    ) { index, response in
      let problem = problems[index / perProblem]
      groups[index / perProblem].rollouts.append(
        ScoredRollout(
          prompt: problem.prompt, response: response.tokens, ended: response.ended,
          reward: CountdownVerifier.verify(response.tokens, of: problem).reward))
    }
    return groups
  }
}
