// From options to scored rollouts, for `rollout`, `evaluate` and `align --samples`.
import ModelCore
import Runs
import StrictJSON
import Tasks
import Training

/// The problems, the number of rollouts of each and the settings that a command's options ask for.
struct RolloutSampling {
  let checkpoint: Checkpoint
  let problems: [TaskProblem]
  /// Rollouts of each problem.
  let counts: [Int]
  let maximumNewTokens: Int
  let temperature: Double
  /// The options, as a configuration stores them.
  private let settings: JSON
  /// `--problems`
  private let problemFile: String?

  /// Which built-in problems are asked.
  enum Pool: String {
    case heldOut = "held out"
    case training
    /// Problems of training, then as many held-out ones.
    case both
  }

  /// The rollouts that the options ask for.
  ///
  /// - Parameters:
  ///   - perProblem: the default of `--per-problem`.
  ///   - builtInSamples: the default of `--samples` for built-in problems; 50 groups without it.
  ///   - pool: which built-in problems there are.
  init(
    _ checkpoint: Checkpoint, _ arguments: SamplingArguments, perProblem: Int = 8,
    builtInSamples: Int? = nil, pool: Pool = .heldOut
  ) throws {
    self.checkpoint = checkpoint
    var settings = arguments.json.objectValue ?? [:]
    // Absent unless given, as in files of versions without it.
    if pool != .heldOut { settings["problems"] = .string(pool.rawValue) }
    self.settings = .object(settings)
    problemFile = arguments.problems
    temperature = arguments.temperature
    let perProblem = arguments.perProblem ?? perProblem
    if let path = arguments.problems {
      let task = checkpoint.builtInTask
      problems = try TaskProblem.read(
        path: path, contents: try InputCopy.path(of: path), for: CheckpointPlayer(checkpoint)
      ) {
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
      let samples = arguments.samples ?? builtInSamples ?? 50 * perProblem
      let count = (samples + perProblem - 1) / perProblem
      let ofPool = (0..<count).map { min(perProblem, samples - $0 * perProblem) }
      let task = CountdownTask(arguments.variant)
      problems =
        (pool == .heldOut ? [] : task.training(count))
        + (pool == .training ? [] : task.heldOut(count))
      counts = pool == .both ? ofPool + ofPool : ofPool
    }
    maximumNewTokens = try Self.room(checkpoint, problems, asked: arguments.maxNewTokens)
  }

  /// The number of rollouts.
  var count: Int { counts.reduce(0, +) }

  /// The journal that keeps the responses until the file at `output` is there. Its header has everything
  /// that determines them but the machine's kernels.
  func journal(_ output: String, _ start: RunStart, _ common: CommonOptions) throws -> Journal {
    var inputs = try checkpoint.inputs()
    if let problemFile {
      inputs.append(
        try Manifest.Input(
          role: "problems", path: try InputCopy.path(of: problemFile), name: problemFile))
    }
    return try Journal(
      path: Journal.path(for: output),
      header: [
        "sampling": settings, "max_new_tokens": .integer(maximumNewTokens),
        "seed": .integer(Int(clamping: common.seed)), "thinking": .bool(common.thinking),
        "template_date": common.templateDate.map { .string($0.text) } ?? .null,
        "inputs": .array(inputs.map { .string($0.hash) }),
      ],
      mode: start == .resuming ? .resume : start == .overwriting ? .overwrite : .create)
  }

  /// Whether a file has a rollout of the same problem and prompt in each place.
  func isFinished(_ path: String) throws -> Bool {
    let rollouts = try checkpoint.rollouts(path: path, checkpoint.readerOptions())
    let expected = zip(problems, counts).flatMap { repeatElement($0, count: $1) }
    return rollouts.count == expected.count
      && zip(rollouts, expected).allSatisfy {
        $0.problemID == $1.id && $0.promptTokens == $1.promptTokens
      }
  }

  /// Samples and scores every rollout.
  ///
  /// - Parameter openJournal: opens the journal that keeps the responses of an interrupted run, and has
  ///   those of an earlier one. It is called once sampling can begin, so that an error before leaves no
  ///   journal behind.
  /// - Throws: `CommandFailure.interrupted` when the user stops it.
  func run(
    _ common: CommonOptions, openJournal: () throws -> Journal? = { nil }
  ) throws -> [Rollout] {
    var sampler = RolloutSampler(
      problems, counts: counts, maximumNewTokens: maximumNewTokens,
      verifier: BuiltInVerifier(checkpoint))
    sampler.temperature = temperature
    sampler.seed = common.seed
    sampler.threads = common.threads
    let model = try checkpoint.model(Float.self)
    try requireMemory(sampler.cacheByteCount(model), for: "sampling")
    let journal = try openJournal()
    let progress = ProgressBar("sampling", total: count, unit: "rollouts", quiet: common.quiet)
    defer { progress.finish() }
    switch try sampler.run(
      model, journal: journal, shouldStop: { Interruption.isRequested },
      progress: { progress.update($0) })
    {
    case .finished(let rollouts):
      return rollouts
    case .interrupted(let done):
      progress.finish()
      try journal?.close()
      let kept = journal.map { "\($0.path) has them, --resume goes on" } ?? "nothing was written"
      throw CommandFailure.interrupted("interrupted after \(done) of \(count) rollouts (\(kept))")
    }
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
}
