// `prerl evaluate`: what a checkpoint's rollouts, or those of a file, are worth.
import Analysis
import ArgumentParser
import KeyedRandom
import Tasks

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Accuracy, Avg@k, Pass@k, lengths and moves of a checkpoint or of a rollout file.",
    discussion: """
      Without a file, samples responses to the built-in held-out problems. Right is a reward of 1 \
      or more. Intervals are 95%, over clusters.

      Example: prerl evaluate --rollouts rollouts.jsonl --k 1,8
      """)

  @Option(
    help: ArgumentHelp(
      "Rollouts as JSONL, instead of sampling; --model gives the vocabulary.", valueName: "file"))
  var rollouts: String?

  @Option(help: ArgumentHelp("The k of Avg@k and Pass@k.", valueName: "list"))
  var k = TryCounts([1, 8, 32])

  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard rollouts != nil else { return }
    for (name, isGiven) in [
      ("problems", sampling.problems != nil), ("samples", sampling.samples != nil),
      ("per-problem", sampling.perProblem != nil),
      ("max-new-tokens", sampling.maxNewTokens != nil),
    ] where isGiven {
      throw ValidationError("--\(name) with --rollouts (expected only one: nothing is sampled)")
    }
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    let evaluated =
      if let path = rollouts {
        try Self.read(path, for: checkpoint)
      } else {
        try RolloutSampling(checkpoint, sampling, perProblem: k.values.last ?? 8).run(common)
      }
    if evaluated.contains(where: { $0.reward == nil }) {
      throw CommandFailure.usage(
        "\(checkpoint.directory): rewards are known for the embedded task only "
          + "(expected --rollouts FILE with rewards)")
    }
    let evaluation = Evaluation(
      evaluated, ks: k.values,
      endTokens: checkpoint.configuration.eosTokens.map { Int32($0) },
      bootstrap: BootstrapT(key: common.key.derive("bootstrap")))
    try Console.print(
      common.json
        ? evaluation.json.text(indent: 2) : evaluation.text(of: rollouts ?? checkpoint.name))
  }

  /// The rollouts of a file; those without a reward are verified where their task is known.
  private static func read(_ path: String, for checkpoint: Checkpoint) throws -> [Rollout] {
    let configuration = checkpoint.configuration
    var rollouts = try RolloutReader.read(
      path: path,
      options: RolloutReader.Options(
        vocabularySize: configuration.vocabularySize, maximumLength: configuration.maximumPositions,
        encoder: TextEncoder(checkpoint: checkpoint)))
    for index in rollouts.indices where rollouts[index].reward == nil {
      guard checkpoint.isCountdown,
        let problem = CountdownProblem(prompt: rollouts[index].promptTokens)
      else {
        // Every line up to the last rollout holds one.
        throw TaskFileError(
          "no reward (expected a number, since its task is not known)", path: path, line: index + 1)
      }
      rollouts[index].reward =
        CountdownVerifier.verify(rollouts[index].responseTokens, of: problem).reward
    }
    return rollouts
  }
}
