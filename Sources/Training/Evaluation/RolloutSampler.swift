// From problems to scored rollouts.
import KeyedRandom
import ModelCore
import Runs
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
  ///   - journal: Keeps the responses, a record for each stream of the model (`samplingStream`).
  ///     Those that it has already are not sampled again, so its header must determine them.
  ///   - shouldStop: Asked by every worker.
  ///   - progress: Gets the number of rollouts that are done, on the calling thread, after each stream.
  /// - Throws: What the verifier throws; `OutputError` of the journal; `ByteReader.Malformed` for records
  ///   that are not those of this plan.
  public func run(
    _ model: Transformer<Float>, journal: Journal? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false },
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
    func add(_ tokens: [Int32]) throws {
      let origin = origins[rollouts.count]
      rollouts.append(try rollout(tokens, problems[origin.problem], sample: origin.sample))
    }
    for tokens in try journal.map({ try kept($0, model) }) ?? [] { try add(tokens) }
    var stream: [[Int32]] = []
    let done = try model.sample(
      requests, from: rollouts.count,
      options: SamplingOptions(
        maximumNewTokens: maximumNewTokens, temperature: temperature,
        endTokens: model.configuration.eosTokens.map { Int32($0) }),
      threads: threads, shouldStop: shouldStop,
      consume: { index, response in
        try add(response.tokens)
        stream.append(response.tokens)
        if stream.count == model.samplingStream || index + 1 == requests.count {
          try journal?.append(Self.record(stream))
          stream = []
          progress(index + 1)  // a stream comes at once: a rate within it has no meaning
        }
      })
    return done == requests.count ? .finished(rollouts) : .interrupted(done: done)
  }

  /// The record of a stream: each response's tokens.
  private static func record(_ responses: [[Int32]]) -> [UInt8] {
    var writer = ByteWriter()
    for tokens in responses { writer.write(tokens) }
    return writer.bytes
  }

  /// The responses in a journal, in order.
  private func kept(_ journal: Journal, _ model: Transformer<Float>) throws -> [[Int32]] {
    var responses: [[Int32]] = []
    for index in 0..<journal.count {
      var reader = ByteReader(try journal.record(at: index))
      for _ in 0..<min(model.samplingStream, count - responses.count) {
        responses.append(try reader.readInt32s())
      }
      try reader.finish()
    }
    return responses
  }

  /// A sampled response with its names, texts and reward.
  private func rollout(
    _ tokens: [Int32], _ problem: TaskProblem, sample: Int
  ) throws -> Rollout {
    var rollout = Rollout(
      id: "\(problem.id)-r\(sample)", problemID: problem.id, cluster: problem.cluster,
      promptTokens: problem.promptTokens, responseTokens: tokens, prompt: problem.prompt,
      response: verifier.decode(tokens), answer: problem.answer)
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
    // One row more keeps a prompt.
    return perPosition * Double(longest + maximumNewTokens) * Double(model.samplingBlock + 1)
      * Double(blocks)
  }
}
