// `prerl evaluate`: accuracy of the rollouts of a checkpoint or of a file.
import ArgumentParser
import Runs
import StrictJSON
import Tasks
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure accuracy, Avg@k, Pass@k and lengths of a checkpoint or of a rollout file.",
    discussion: """
      Without a file, responses to the built-in held-out problems are sampled. A response is right \
      if its reward is at least 1. Intervals are 95%, over clusters.

      Rollouts of a file that have no reward are verified. The built-in verifier judges Countdown by \
      its tokens, and text by comparing its last \\boxed{}, #### or "answer is" with the reference \
      answer; numbers must be equal exactly. --verifier runs a command of your own. It reads one \
      line {"id", "response", "answer"} per sample and prints one line {"id", "reward"} or {"id", \
      "outcome"} per sample, in any order. --audit lists the samples on which the rewards of the \
      file, the built-in verifier and yours disagree.

      --reward-model scores the rollouts of a file by a reward model instead: the number of its head at \
      the last token of prompt and response. Token ids are scored as they stand. Text is encoded by \
      the reward model's own tokenizer: as prompt and response of a language model (joined), or as \
      turns with the end token behind each but the last (dialogue, the default of GPT-2). --output \
      writes every line again with its reward; a reward that was there becomes given_reward. --best-of \
      lists what the best of n responses is worth, by the model and by the file's rewards.

      Example: prerl evaluate --rollouts rollouts.jsonl --k 1,8
      """)

  @Option(
    help: ArgumentHelp(
      "Evaluate the rollouts of this JSONL file, with the vocabulary of --model (default: sample).",
      valueName: "file"))
  var rollouts: String?

  @Option(
    help: ArgumentHelp(
      "Report Avg@k and Pass@k for these k (default: 1,8,32).", valueName: "list"),
    transform: TryCounts.parse)
  var k: TryCounts?

  @Flag(help: "Also verify rollouts that have a reward.")
  var verify = false

  @Option(
    help: ArgumentHelp(
      "Verify all rollouts by a shell command instead of the built-in verifier.",
      valueName: "cmd"))
  var verifier: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop --verifier after this time without output.", valueName: "seconds"))
  var verifierTimeout = 300.0

  @Option(
    defaultAsFlag: "-", parsing: .next,
    help: ArgumentHelp(
      "List the samples that verifiers judge differently, as JSONL if a file is named.",
      valueName: "file"))
  var audit: String?

  @OptionGroup var criticOptions: CriticOptions
  @OptionGroup var rewardModelOptions: RewardModelOptions

  @Option(
    help: ArgumentHelp(
      "Judge --reward-model by the pairs of this JSONL file instead of scoring rollouts.",
      valueName: "file"))
  var pairs: String?

  @Option(
    help: ArgumentHelp(
      "Encode text for --reward-model as joined or dialogue (default: what its folder says).",
      valueName: "name"))
  var rewardTemplate: RewardTemplate?

  @Option(
    help: ArgumentHelp(
      "Report the best of n responses to a problem by --reward-model, for these n.",
      valueName: "list"), transform: TryCounts.parse)
  var bestOf: TryCounts?

  @Option(
    help: ArgumentHelp(
      "Write the rollouts with the rewards of --reward-model to this file.",
      valueName: "file.jsonl"))
  var output: String?

  @OptionGroup var rewardOptions: RewardOptions
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions
  @OptionGroup var weightOptions: WeightOptions

  var common: CommonOptions { CommonOptions(runOptions, weightOptions) }

  private var tries: [Int] { k?.values ?? [1, 8, 32] }

  func validate() throws {
    if verifier == "" { throw ValidationError("--verifier is empty (expected a shell command)") }
    guard verifierTimeout > 0, verifierTimeout <= 1e6 else {
      throw ValidationError(
        "--verifier-timeout is \(verifierTimeout) (expected seconds above 0, at most a million)")
    }
    try rewardOptions.check(rollouts)
    try checkRewardModel()
    guard rollouts != nil else { return }
    for (name, isGiven) in [
      ("problems", sampling.problems != nil), ("numbers", sampling.numbers != nil),
      ("positions", sampling.positions),
      ("samples", sampling.samples != nil),
      ("per-problem", sampling.perProblem != nil),
      ("max-new-tokens", sampling.maxNewTokens != nil),
      ("continuations", criticOptions.continuations != nil),
    ] where isGiven {
      throw ValidationError("--\(name) with --rollouts (expected only one: nothing is sampled)")
    }
  }

  /// Refuses options that do not go together with a reward model, or not without one.
  private func checkRewardModel() throws {
    guard rewardModelOptions.rewardModel != nil else {
      for (name, isGiven) in [
        ("reward-template", rewardTemplate != nil), ("output", output != nil),
        ("pairs", pairs != nil), ("best-of", bestOf != nil),
      ] where isGiven {
        throw ValidationError("--\(name) without --reward-model (expected a reward model)")
      }
      return
    }
    guard (rollouts == nil) != (pairs == nil) else {
      throw ValidationError(
        pairs == nil
          ? "--reward-model without --rollouts (expected a file to score, or --pairs)"
          : "--pairs with --rollouts (expected only one)")
    }
    if pairs != nil, output != nil {
      throw ValidationError("--output with --pairs (expected --rollouts, whose lines it writes)")
    }
    if pairs != nil, bestOf != nil {
      throw ValidationError("--best-of with --pairs (expected --rollouts, several to a problem)")
    }
    for (name, isGiven) in [
      ("model", common.model != nil), ("adapter", common.adapter != nil), ("verify", verify),
      ("verifier", verifier != nil),
      ("audit", audit != nil), ("critic", criticOptions.critic != nil), ("k", k != nil),
    ] where isGiven {
      throw ValidationError(
        "--\(name) with --reward-model (expected only one: the reward model reads and scores the file)"
      )
    }
  }

  func run() throws {
    if let directory = rewardModelOptions.rewardModel {
      try common.checkOutputs([output], inputs: [rollouts] + Checkpoint.files(in: directory))
      let scoring = try RewardScoring(directory, common, template: rewardTemplate)
      if let pairs { return try scoring.judge(pairs) }
      return try scoring.run(
        rollouts ?? "", rewardKey: rewardOptions.reward, bestOf: bestOf?.values, output: output)
    }
    let auditFile = audit == "-" ? nil : audit
    try common.checkOutputs(
      [auditFile, criticOptions.values],
      inputs: [rollouts, sampling.problems]
        + (criticOptions.critic.map { Checkpoint.files(in: $0) } ?? []))
    let checkpoint = try Checkpoint(common)
    if criticOptions.continuations != nil { try ContinuationValues.requireTask(of: checkpoint) }
    let sampled =
      try rollouts == nil
      ? RolloutSampling(checkpoint, sampling, perProblem: tries.last ?? 8) : nil
    let scored =
      if let path = rollouts {
        try Self.read(path, for: checkpoint, rewardKey: rewardOptions.reward)
      } else { try sampled?.run(common) ?? [] }
    var run = EvaluationRun(
      scored, from: rollouts.map { .file($0) } ?? .sampled(from: checkpoint.name),
      verifier: BuiltInVerifier(checkpoint))
    run.externalVerifier = verifier.map {
      ExternalVerifier(command: $0, timeout: .seconds(verifierTimeout))
    }
    run.verifiesAgain = verify
    run.audits = audit != nil
    run.tries = tries
    run.endTokens = checkpoint.configuration.eosTokens.map { Int32($0) }
    run.seed = common.seed
    let report: EvaluationReport
    switch try run.run(shouldStop: { Interruption.isRequested }) {
    case .finished(let finished): report = finished
    case .interrupted(.builtInVerification): throw CommandFailure.interrupted("interrupted")
    case .interrupted(.externalVerification):
      throw CommandFailure.interrupted("interrupted while verifying (nothing was written)")
    }
    if report.audit?.compared == 0 {
      throw CommandFailure.usage(
        "--audit has nothing to compare (expected two of: rewards in the file, answers for the "
          + "built-in verifier, --verifier)")
    }
    if let auditFile { try report.audit?.write(to: auditFile, overwrite: common.overwrite) }
    let critic = try criticOptions.evaluation(
      of: report.verification.rollouts, checkpoint, sampled, common)
    if let critic { try criticOptions.write(critic, of: rollouts, checkpoint, common) }
    try show(
      report, critic, of: rollouts ?? checkpoint.name, listsAudit: auditFile == nil)
  }

  private func show(
    _ report: EvaluationReport, _ critic: CriticEvaluation?, of what: String, listsAudit: Bool
  ) throws {
    let (evaluation, verification) = (report.evaluation, report.verification)
    if common.json {
      var object = evaluation.json.objectValue ?? JSONObject()
      for (key, value) in verification.members { object[key] = value }
      object["audit"] = report.audit?.json(listsSamples: listsAudit)
      object["critic"] = critic?.json
      try Console.print(JSON.object(object).text(indent: 2))
    } else {
      let parts = [
        evaluation.text(of: what), verification.text,
        report.audit?.text(listsSamples: listsAudit), critic?.text,
      ]
      try Console.print(parts.compactMap(\.self).joined(separator: "\n"))
    }
  }

  /// The rollouts of a file, with the rewards that it has.
  private static func read(
    _ path: String, for checkpoint: Checkpoint, rewardKey: String?
  ) throws -> [Rollout] {
    var options = checkpoint.readerOptions()
    // Only Countdown's verifier and statistics read prompts.
    options.encodesPrompts = checkpoint.isCountdown
    options.rewardKey = rewardKey
    return try checkpoint.rollouts(path: path, options)
  }
}
