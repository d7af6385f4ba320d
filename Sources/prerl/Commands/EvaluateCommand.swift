// `prerl evaluate`: what a checkpoint's rollouts, or those of a file, are worth.
import ArgumentParser
import KeyedRandom
import Runs
import Statistics
import StrictJSON
import Tasks

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Accuracy, Avg@k, Pass@k, lengths and moves of a checkpoint or of a rollout file.",
    discussion: """
      Without a file, samples responses to the built-in held-out problems. Right is a reward of 1 \
      or more. Intervals are 95%, over clusters.

      Rollouts of a file without a reward are verified: Countdown by its tokens, text against its \
      answer (the last \\boxed{}, #### or "answer is"; exact numbers, a bounded effort). --verifier \
      runs a command of your own, which reads a line {"id", "response", "answer"} a sample and \
      prints a line {"id", "reward"} or {"id", "outcome"} a sample, in any order. --audit lists \
      the samples on which the rewards of the file, the built-in verifier and yours disagree.

      Example: prerl evaluate --rollouts rollouts.jsonl --k 1,8
      """)

  @Option(
    help: ArgumentHelp(
      "Rollouts as JSONL, instead of sampling; --model gives the vocabulary.", valueName: "file"))
  var rollouts: String?

  @Option(help: ArgumentHelp("The k of Avg@k and Pass@k.", valueName: "list"))
  var k = TryCounts([1, 8, 32])

  @Flag(help: "Verify rollouts that have a reward, too.")
  var verify = false

  @Option(
    help: ArgumentHelp(
      "Verify all rollouts by a shell command instead of the built-in verifier.",
      valueName: "cmd"))
  var verifier: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Longest time --verifier may be without output before it is stopped.", valueName: "seconds"))
  var verifierTimeout = 300.0

  @Option(
    defaultAsFlag: "-", parsing: .next,
    help: ArgumentHelp(
      "List the samples that verifiers judge differently, as JSONL if a file is named.",
      valueName: "file"))
  var audit: String?

  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions

  var common: CommonOptions { CommonOptions(runOptions) }

  func validate() throws {
    if verifier == "" { throw ValidationError("--verifier is empty (expected a shell command)") }
    guard verifierTimeout > 0, verifierTimeout <= 1e6 else {
      throw ValidationError(
        "--verifier-timeout is \(verifierTimeout) (expected seconds above 0, at most a million)")
    }
    guard rollouts != nil else { return }
    for (name, isGiven) in [
      ("problems", sampling.problems != nil), ("numbers", sampling.numbers != nil),
      ("samples", sampling.samples != nil),
      ("per-problem", sampling.perProblem != nil),
      ("max-new-tokens", sampling.maxNewTokens != nil),
    ] where isGiven {
      throw ValidationError("--\(name) with --rollouts (expected only one: nothing is sampled)")
    }
  }

  func run() throws {
    let auditFile = audit == "-" ? nil : audit
    try AtomicFile.check(
      [auditFile].compactMap(\.self), inputs: [rollouts, sampling.problems].compactMap(\.self),
      overwrite: common.overwrite)
    let checkpoint = try Checkpoint(common)
    let scored =
      if let path = rollouts {
        try Self.read(path, for: checkpoint)
      } else {
        try RolloutSampling(checkpoint, sampling, perProblem: k.values.last ?? 8).run(common)
      }
    let verification = try RolloutVerification(
      scored, path: rollouts, checkpoint: checkpoint,
      external: verifier.map { ExternalVerifier(command: $0, timeout: .seconds(verifierTimeout)) },
      again: verify, everywhere: audit != nil)
    // Sampled rollouts have their rewards from the built-in verifier.
    let audited =
      audit == nil
      ? nil
      : try VerificationAudit(
        verification, given: scored.map { rollouts == nil ? nil : $0.reward })
    if let auditFile { try audited?.write(to: auditFile, overwrite: common.overwrite) }
    let evaluation = Evaluation(
      verification.rollouts, ks: k.values,
      endTokens: checkpoint.configuration.eosTokens.map { Int32($0) },
      bootstrap: BootstrapT(key: common.key.derive("bootstrap")))
    if common.json {
      var object = evaluation.json.objectValue ?? JSONObject()
      for (key, value) in verification.members { object[key] = value }
      object["audit"] = audited?.json(listsSamples: auditFile == nil)
      try Console.print(JSON.object(object).text(indent: 2))
    } else {
      let parts = [
        evaluation.text(of: rollouts ?? checkpoint.name), verification.text,
        audited?.text(listsSamples: auditFile == nil),
      ]
      try Console.print(parts.compactMap(\.self).joined(separator: "\n"))
    }
  }

  /// The rollouts of a file, with the rewards that it has.
  private static func read(_ path: String, for checkpoint: Checkpoint) throws -> [Rollout] {
    let configuration = checkpoint.configuration
    return try RolloutReader.read(
      path: path,
      options: RolloutReader.Options(
        vocabularySize: configuration.vocabularySize, maximumLength: configuration.maximumPositions,
        encoder: TextEncoder(checkpoint: checkpoint)))
  }
}
