// `prerl rollout`: samples rollouts and scores them.
import ArgumentParser
import Runs
import StrictJSON
import Tables
import Tasks

struct RolloutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout",
    abstract: "Sample rollouts from a checkpoint, score them and write them as JSONL.",
    discussion: """
      Rewards are those of the built-in verifier, or the numbers of --reward-model, which must have the \
      policy's tokenizer.

      Example: prerl rollout --samples 400 --output rollouts.jsonl
      """)

  @Option(help: ArgumentHelp("Write the rollouts to this file.", valueName: "file.jsonl"))
  var output: String

  @Flag(
    help:
      "Ask built-in problems of training, not held-out ones, for example to train a reward model.")
  var trainingProblems = false

  @OptionGroup var rewardModelOptions: RewardModelOptions
  @OptionGroup var resumeOptions: ResumeOptions
  @OptionGroup var sampling: SamplingArguments
  @OptionGroup var runOptions: ModelRunOptions
  @OptionGroup var weightOptions: WeightOptions

  var common: CommonOptions { CommonOptions(runOptions, weightOptions) }

  func validate() throws {
    _ = try start
    if trainingProblems, sampling.problems != nil {
      throw ValidationError(
        "--training-problems with --problems (expected only one: the file has its own)")
    }
  }

  private var start: RunStart { get throws { try resumeOptions.start(common) } }

  func run() throws {
    let rewardModel = rewardModelOptions.rewardModel
    try common.checkOutputs(
      [output], inputs: [sampling.problems] + (rewardModel.map { Checkpoint.files(in: $0) } ?? []),
      resumes: resumeOptions.resume)
    let sampling = try RolloutSampling(
      Checkpoint(common), sampling, pool: trainingProblems ? .training : .heldOut)
    let scoring = try rewardModel.map { try RewardScoring($0, common) }
    try scoring?.requireTokens(of: sampling.checkpoint)
    if resumeOptions.resume, FileKind(output) == .file {
      guard try sampling.isFinished(output) else {
        throw CommandFailure.usage(
          "\(output): rollouts of another run (expected none, or \(sampling.count) of these problems)"
        )
      }
      if !common.quiet {
        Console.note(
          "\(output) has rollouts of these problems already; there is nothing to resume (it does not say "
            + "with which model, seed and temperature they were sampled)")
      }
      return
    }
    var journal: Journal?
    var rollouts = try sampling.run(common) {
      journal = try sampling.journal(output, start, common)
      return journal
    }
    if let scoring {
      rollouts = try scoring.scored(
        rollouts, of: sampling.checkpoint,
        kept: "\(Journal.path(for: output)) has the responses, --resume goes on")
    }
    try AtomicFile.publish(
      RolloutWriter.text(rollouts), to: output, overwrite: common.overwrite)
    try journal?.remove()

    let rewards = rollouts.compactMap(\.reward)
    let meanReward = rewards.isEmpty ? nil : rewards.reduce(0, +) / Double(rewards.count)
    let tokenCount = rollouts.reduce(0) { $0 + $1.responseTokens.count }
    let meanLength = Double(tokenCount) / Double(rollouts.count)
    if common.json {
      let summary: JSON = [
        "output": .string(output), "rollouts": .integer(rollouts.count),
        "problems": .integer(sampling.problems.count),
        "reward": meanReward.map { .real($0) } ?? .null,
        "response_length": .real(meanLength),
      ]
      try Console.print(summary.text())
    } else {
      try Console.print(
        "\(rollouts.count) rollouts of \(sampling.problems.count) problems in \(output): "
          + (meanReward.map { "mean reward \(fixed($0, 3))" } ?? "no answers to score by")
          + ", \(fixed(meanLength, 1)) tokens")
    }
  }
}
