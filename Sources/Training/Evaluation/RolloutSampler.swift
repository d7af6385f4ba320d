// From problems to scored rollouts.
import KeyedRandom
import ModelCore
import Tasks

/// A plan to sample rollouts: the problems and the number of rollouts of each.
///
/// Sample s of problem p has the key `seed.derive("rollout").derive(p, s)`, and the rollouts are in
/// the order of problems, then samples. They do not depend on the number of threads, and a longer
/// list begins with a shorter one.
public struct RolloutSampler: Sendable {
  public let problems: [TaskProblem]
  /// Rollouts of each problem.
  public let counts: [Int]
  /// Tokens a response may have: with the longest prompt at most the model's positions.
  public let maximumNewTokens: Int
  /// 1 samples the model's distribution, 0 takes the likeliest token.
  public var temperature = 1.0
  /// Gives the rewards and the texts of responses; without a reference answer there is no reward.
  public let verifier: BuiltInVerifier
  public var seed: UInt64 = 0
  public var threads = 1

  /// A plan with one count for each problem.
  public init(
    _ problems: [TaskProblem], counts: [Int], maximumNewTokens: Int, verifier: BuiltInVerifier
  ) {
    precondition(problems.count == counts.count, "one count for each problem")
    self.problems = problems
    self.counts = counts
    self.maximumNewTokens = maximumNewTokens
    self.verifier = verifier
  }

  /// How the run ended.
  public enum Outcome: Sendable {
    case finished([Rollout])
    /// Stopped after so many rollouts.
    case interrupted(done: Int)
  }

  /// The number of rollouts.
  public var count: Int { counts.reduce(0, +) }

  /// Samples and scores every rollout.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked by every worker.
  ///   - progress: Gets the number of rollouts that are done, on the calling thread.
  /// - Throws: What the verifier throws.
  public func run(
    _ model: Transformer<Float>, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: (_ done: Int) -> Void = { _ in }
  ) throws -> Outcome {
    let key = RandomKey(seed: seed).derive("rollout")
    var requests: [SamplingRequest] = []
    var origins: [(problem: Int, sample: Int)] = []
    for (problem, count) in counts.enumerated() {
      for sample in 0..<count {
        requests.append(
          SamplingRequest(
            prompt: problems[problem].promptTokens,
            key: key.derive(UInt64(problem), UInt64(sample))))
        origins.append((problem, sample))
      }
    }
    var rollouts: [Rollout] = []
    rollouts.reserveCapacity(requests.count)
    let done = try model.sample(
      requests,
      options: SamplingOptions(
        maximumNewTokens: maximumNewTokens, temperature: temperature,
        endTokens: model.configuration.eosTokens.map { Int32($0) }),
      threads: threads, shouldStop: shouldStop,
      consume: { index, response in
        let origin = origins[index]
        rollouts.append(try rollout(response, problems[origin.problem], sample: origin.sample))
        progress(index + 1)
      })
    return done == requests.count ? .finished(rollouts) : .interrupted(done: done)
  }

  /// A sampled response with its names, texts and reward.
  private func rollout(
    _ response: SampledResponse, _ problem: TaskProblem, sample: Int
  ) throws -> Rollout {
    var rollout = Rollout(
      id: "\(problem.id)-r\(sample)", problemID: problem.id, cluster: problem.cluster,
      promptTokens: problem.promptTokens, responseTokens: response.tokens, prompt: problem.prompt,
      response: verifier.decode(response.tokens), answer: problem.answer)
    rollout.reward = try verifier.verify(rollout)?.reward
    return rollout
  }

  /// Bytes of the key-value caches of all threads.
  public func cacheByteCount(_ model: Transformer<Float>) -> Double {
    let shape = model.configuration
    let longest = problems.map(\.promptTokens.count).max() ?? 0
    let perPosition =
      Double(shape.layerCount) * 2 * Double(shape.keyValueHeadCount)
      * Double(shape.headDimension) * Double(MemoryLayout<Float>.stride)
    let blocks = min(threads, (count + model.samplingStream - 1) / model.samplingStream)
    return perPosition * Double(longest + maximumNewTokens) * Double(model.samplingBlock)
      * Double(blocks)
  }
}
