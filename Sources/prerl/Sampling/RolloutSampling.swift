// Samples and scores rollouts, for `rollout`, `evaluate` and `align --samples`.
import KeyedRandom
import ModelCore
import Tasks

/// A plan to sample rollouts: the problems and the number of rollouts of each.
///
/// Sample s of problem p has the key `seed.derive("rollout").derive(p, s)`, and the rollouts are in
/// the order of problems, then samples. They do not depend on the number of threads, and a longer
/// list begins with a shorter one.
struct RolloutSampling {
  let checkpoint: Checkpoint
  let problems: [TaskProblem]
  /// Rollouts of each problem.
  let counts: [Int]
  let maximumNewTokens: Int
  let temperature: Double
  private let verifier: BuiltInVerifier

  /// The rollouts that the options ask for.
  ///
  /// - Parameter perProblem: the default of `--per-problem`.
  init(_ checkpoint: Checkpoint, _ arguments: SamplingArguments, perProblem: Int = 8) throws {
    self.checkpoint = checkpoint
    verifier = BuiltInVerifier(checkpoint)
    temperature = arguments.temperature
    let perProblem = arguments.perProblem ?? perProblem
    if let path = arguments.problems {
      let task = checkpoint.builtInTask
      problems = try TaskProblem.read(path: path, for: CheckpointPlayer(checkpoint)) {
        (problem) throws(LineFault) in
        guard let task else { return problem }
        return try task.completed(problem)
      }
      let samples = arguments.samples ?? problems.count * perProblem
      guard samples >= problems.count else {
        throw CommandFailure.usage(
          "--samples is \(samples), fewer than the \(problems.count) problems of \(path) "
            + "(expected one each at least)")
      }
      let (share, rest) = samples.quotientAndRemainder(dividingBy: problems.count)
      counts = problems.indices.map { share + ($0 < rest ? 1 : 0) }
    } else {
      guard checkpoint.builtInTask != nil else {
        throw CommandFailure.usage(
          "\(checkpoint.directory): a vocabulary of \(checkpoint.configuration.vocabularySize) "
            + "cannot read the built-in problems (expected --problems FILE)")
      }
      let samples = arguments.samples ?? 50 * perProblem
      problems = CountdownTask(arguments.variant).heldOut((samples + perProblem - 1) / perProblem)
      counts = problems.indices.map { min(perProblem, samples - $0 * perProblem) }
    }
    maximumNewTokens = try Self.room(checkpoint, problems, asked: arguments.maxNewTokens)
  }

  /// The number of rollouts.
  var count: Int { counts.reduce(0, +) }

  /// Samples and scores every rollout.
  ///
  /// - Throws: `CommandFailure.interrupted` when the user stops it.
  func run(_ common: CommonOptions) throws -> [Rollout] {
    let key = common.key.derive("rollout")
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
    let model = try checkpoint.model(Float.self)
    try requireMemory(cacheBytes(model, threads: common.threads), for: "sampling")
    let progress = ProgressBar(
      "sampling", total: requests.count, unit: "rollouts", quiet: common.quiet)
    defer { progress.finish() }
    var rollouts: [Rollout] = []
    rollouts.reserveCapacity(requests.count)
    let done = try model.sample(
      requests,
      options: SamplingOptions(
        maximumNewTokens: maximumNewTokens, temperature: temperature,
        endTokens: checkpoint.configuration.eosTokens.map { Int32($0) }),
      threads: common.threads, shouldStop: { Interruption.isRequested },
      consume: { index, response in
        let origin = origins[index]
        rollouts.append(try rollout(response, problems[origin.problem], sample: origin.sample))
        progress.update(index + 1)
      })
    guard done == requests.count else {
      progress.finish()
      throw CommandFailure.interrupted(
        "interrupted after \(done) of \(requests.count) rollouts (nothing was written)")
    }
    return rollouts
  }

  /// A sampled response with its names, texts and reward. There is no reward without a reference
  /// answer.
  private func rollout(
    _ response: SampledResponse, _ problem: TaskProblem, sample: Int
  ) throws -> Rollout {
    var rollout = Rollout(
      id: "\(problem.id)-r\(sample)", problemID: problem.id, cluster: problem.cluster,
      promptTokens: problem.promptTokens, responseTokens: response.tokens, prompt: problem.prompt,
      response: checkpoint.text(ofResponse: response.tokens), answer: problem.answer)
    rollout.reward = try verifier.verify(rollout)?.reward
    return rollout
  }

  /// The largest number of new tokens for which every prompt and response fit the model's
  /// positions.
  private static func room(
    _ checkpoint: Checkpoint, _ problems: [TaskProblem], asked: Int?
  ) throws(CommandFailure) -> Int {
    let positions = checkpoint.configuration.maximumPositions
    let longest = problems.max { $0.promptTokens.count < $1.promptTokens.count }
    let prompt = longest?.promptTokens.count ?? 0
    let left = positions - prompt
    guard left > 0 else {
      throw .usage(
        "the prompt of problem \(longest?.id ?? "") has \(prompt) tokens "
          + "(expected fewer than the model's \(positions) positions)")
    }
    if let asked {
      guard asked <= left else {
        throw .usage(
          "--max-new-tokens is \(asked) (expected at most \(left): the model has \(positions) "
            + "positions, the longest prompt \(prompt) tokens)")
      }
      return asked
    }
    return checkpoint.isCountdown ? min(left, CountdownVariant.contextLength - prompt) : left
  }

  /// Bytes of the key-value caches of all threads.
  private func cacheBytes(_ model: Transformer<Float>, threads: Int) -> Double {
    let shape = checkpoint.configuration
    let longest = problems.map(\.promptTokens.count).max() ?? 0
    let perPosition =
      Double(shape.layerCount) * 2 * Double(shape.keyValueHeadCount)
      * Double(shape.headDimension) * Double(MemoryLayout<Float>.stride)
    let blocks = min(threads, (count + model.samplingStream - 1) / model.samplingStream)
    return perPosition * Double(longest + maximumNewTokens) * Double(model.samplingBlock)
      * Double(blocks)
  }
}
