// `prerl train`: runs the experiment that a configuration describes.
import ArgumentParser
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tables
import Tasks
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Run the training experiment of a configuration file.",
    discussion: """
      Writes manifest.json, metrics.jsonl, summary.json and checkpoint/ into the run's folder; \
      reinforcement learning and the training of a reward model write checkpoints/, evaluation.jsonl, \
      timing.jsonl and training.h5.

      Example: prerl train experiments/pretrain/config.json
      """)

  /// What `algorithm` of a configuration may be.
  static let algorithms =
    ["pretrain"] + PolicyConfiguration.algorithmNames + [RewardConfiguration.name]

  @Argument(help: ArgumentHelp("The experiment's configuration.", valueName: "config.json"))
  var config: String

  @Option(
    help: ArgumentHelp(
      "Write into this folder (default: results/runs/NAME, after the configuration's folder or file).",
      valueName: "dir"))
  var output: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop after n steps (default: all of the configuration's); 0 writes the initial checkpoint.",
      valueName: "n"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "Write the packed batches of pretraining as JSONL, one line per step, and do not train.",
      valueName: "file"))
  var dumpBatches: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Keep the newest n checkpoints (default: 2; for pretraining 1).",
      valueName: "n"))
  var keep: Int?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Learn from the rewards of this reward model, a folder of a …ForSequenceClassification with one "
        + "label; repeat it for an ensemble.", valueName: "dir"))
  var rewardModel: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Imagine conversations with the model in this folder as the user (default: the policy plays it); repeat it "
        + "for an ensemble.", valueName: "dir"))
  var userModel: [String] = []

  @OptionGroup var resumeOptions: ResumeOptions
  @OptionGroup var runOptions: ModelRunOptions

  var common: CommonOptions { CommonOptions(runOptions) }

  func validate() throws {
    _ = try start
    if let keep, keep < 1 {
      throw ValidationError("--keep is \(keep) (expected an integer of at least 1)")
    }
  }

  func run() throws {
    var file = try ConfigurationFile(path: config)
    if runOptions.seedOptions.seed != nil, case .object(var object) = file.json {
      object["seed"] = .integer(Int(common.seed))
      file.json = .object(object)
    }
    let name = try file.decode { (reader) throws(JSONValueError) in
      let name = try reader.string("algorithm", oneOf: Self.algorithms)
      for key in reader.object.keys { _ = reader.value(key) }  // judged by the algorithm's reader
      return name
    }
    if ["pretrain", RewardConfiguration.name].contains(name) {
      for (option, folders, reason) in [
        ("--reward-model", rewardModel, "it has no rewards"),
        ("--user-model", userModel, "it has no conversations"),
      ] where !folders.isEmpty {
        throw CommandFailure.usage(
          "\(option) with the algorithm \(name) (expected none: \(reason))")
      }
    }
    KernelComparison.warn(common)
    switch name {
    case "pretrain": try pretrain(file)
    case RewardConfiguration.name: try trainRewardModel(file)
    default: try runPolicy(file)
    }
  }

  private func runPolicy(_ file: ConfigurationFile) throws {
    let settings = try file.decode { (reader) throws(JSONValueError) in
      try PolicyConfiguration(reading: &reader)
    }
    try checkSteps(settings.steps)
    if let dumpBatches {
      throw CommandFailure.usage(
        "--dump-batches is \(dumpBatches) (expected none: only pretraining has packed batches)")
    }
    let checkpoint = try Checkpoint(common, task: type(of: settings.task))
    let task = try settings.task.open(
      for: CheckpointPlayer(checkpoint),
      folder: URL(fileURLWithPath: config).deletingLastPathComponent().relativePath,
      maximumNewTokens: settings.maximumNewTokens)
    if let obstacle = settings.obstacle(checkpoint.configuration, task) {
      throw file.failure(obstacle)
    }
    let rewardModels = try rewardModels(settings, task, checkpoint)
    let userModels = try userModels(settings, checkpoint)
    let output = try checkedOutput(start)
    try requireMemory(
      PolicyTraining.gradientByteCount(
        settings, ParameterLayout(checkpoint.configuration), threads: common.threads),
      for: "problems_per_step times rollouts_per_problem")
    var run = TrainingRun(
      settings, task: task, model: try checkpoint.model(Float.self), output: output,
      manifest: Manifest(
        config: settings.json, version: Prerl.version,
        inputs: try checkpoint.inputs()
          + task.files.map { try Manifest.Input(role: "problems", path: $0) }
          + rewardModel.flatMap { Checkpoint.files(in: $0) }
          .map { try Manifest.Input(role: "reward model", path: $0) }
          + userModel.flatMap { Checkpoint.files(in: $0) }
          .map { try Manifest.Input(role: "user model", path: $0) },
        seeds: ["seed": settings.seed], precision: "float32", threads: common.threads,
        blas: BLAS.version, blasCore: BLAS.core))
    run.rewardModels = rewardModels
    run.userModels = userModels
    run.steps = steps ?? settings.steps
    run.keptCheckpoints = keep ?? 2
    run.threads = common.threads
    run.writeTokenizer = checkpoint.writeTokenizer
    run.reportDamage = { Console.note("prerl: warning: \($0)") }
    if settings.measureUpdatesEvery > 0 {
      run.probe = UpdateMeter(
        settings, task, shape: checkpoint.configuration, threads: common.threads)
    }
    let report = TrainingReport(folder: output, steps: run.steps, isQuiet: common.quiet)
    let outcome: TrainingRun.Outcome
    do {
      outcome = try run.run(
        try start, shouldStop: { Interruption.isRequested }, progress: report.note)
    } catch let error as TrainingError {
      throw report.failure(error)
    }
    guard let summary = try report.summary(outcome) else { return }
    try Console.print(common.json ? summary.json.text() : report.line(summary))
  }

  /// The models of `--reward-model`; nil without any.
  private func rewardModels(
    _ settings: PolicyConfiguration, _ task: any PolicyTask, _ checkpoint: Checkpoint
  ) throws -> RewardEnsemble? {
    guard !rewardModel.isEmpty else {
      guard task.hasVerifier else {
        throw CommandFailure.usage(
          "\(config): the task \(type(of: settings.task).name) has no rewards of its own (expected "
            + "--reward-model)")
      }
      guard settings.rewardRule == .mean else {
        throw CommandFailure.usage(
          "\(config): reward_rule without --reward-model (expected reward models to combine)")
      }
      guard settings.rewardUnit == .response else {
        throw CommandFailure.usage(
          "\(config): reward_unit without --reward-model (expected a reward model that judges turns)"
        )
      }
      return nil
    }
    guard !settings.algorithm.continuesResponses else {
      throw CommandFailure.usage(
        "--reward-model with advantages \"mc\" (expected \"gae\" or \"rloo\": continuations are judged by the "
          + "verifier)")
    }
    let scorings = try rewardModel.map { directory in
      if directory == "" {
        throw CommandFailure.usage("--reward-model is empty (expected a folder)")
      }
      let scoring = try RewardScoring(directory, common)
      try scoring.requireTokens(of: checkpoint)
      return scoring
    }
    let models = RewardEnsemble(
      scorings.map(\.model), rule: settings.rewardRule, unit: settings.rewardUnit,
      threads: common.threads)
    if let obstacle = models.obstacle(
      checkpoint.configuration,
      longest: settings.longestPrompt(of: task) + settings.maximumNewTokens)
    {
      throw CommandFailure.usage("--reward-model: \(obstacle)")
    }
    return models
  }

  /// The models of `--user-model`.
  private func userModels(
    _ settings: PolicyConfiguration, _ policy: Checkpoint
  ) throws -> [Transformer<Float>] {
    if settings.imagination?.usesDisagreement == true, userModel.count < 2 {
      throw CommandFailure.usage(
        "\(config): imagination has disagreement_penalty or disagreement_limit with \(userModel.count) "
          + "--user-model (expected at least 2, which can disagree)")
    }
    guard !userModel.isEmpty else { return [] }
    guard settings.imagination?.worldModel.isLearned == true else {
      throw CommandFailure.usage(
        "--user-model without a configuration that imagines with it (expected \"imagination\" with world_model "
          + "\"learned\" or \"argmax\")")
    }
    return try userModel.map { directory in
      if directory == "" {
        throw CommandFailure.usage("--user-model is empty (expected a folder)")
      }
      var own = common
      own.model = directory
      own.adapter = nil
      let checkpoint = try Checkpoint(own)
      let (shape, other) = (policy.configuration, checkpoint.configuration)
      guard
        other.vocabularySize == shape.vocabularySize,
        other.maximumPositions >= shape.maximumPositions
      else {
        throw CommandFailure.usage(
          "\(directory): \(other.vocabularySize) words, \(other.maximumPositions) positions (expected the policy's "
            + "\(shape.vocabularySize) words, and at least its \(shape.maximumPositions) positions)"
        )
      }
      try checkpoint.requireTokens(of: policy)
      return try checkpoint.model(Float.self)
    }
  }

  var start: RunStart { get throws { try resumeOptions.start(common) } }

  /// The run's folder, looked at before anything large is read; the folders above the default place are
  /// made.
  func checkedOutput(_ start: RunStart) throws(OutputError) -> String {
    if output == "" { throw .usage("--output", "the path is empty (expected a folder)") }
    let path = output ?? "results/runs/\(name)"
    if output == nil {
      do {
        try FileManager.default.createDirectory(
          at: URL(fileURLWithPath: path).deletingLastPathComponent(),
          withIntermediateDirectories: true)
      } catch {
        throw .machine(path, "cannot make the folder", error)
      }
    }
    try RunFolder.check(path, start)
    return path
  }

  func checkSteps(_ limit: Int) throws {
    if let steps, !(0...limit).contains(steps) {
      throw CommandFailure.usage(
        "--steps is \(steps) (expected an integer in 0...\(limit), the configuration's)")
    }
  }

  private func pretrain(_ file: ConfigurationFile) throws {
    let settings = try file.decode { (reader) throws(JSONValueError) in
      _ = try reader.string("algorithm", oneOf: Self.algorithms)
      return try PretrainingConfiguration(reading: &reader)
    }
    if let model = common.model {
      throw CommandFailure.usage("--model is \(model) (expected none: pretraining starts afresh)")
    }
    if let adapter = common.adapter {
      throw CommandFailure.usage(
        "--adapter is \(adapter) (expected none: pretraining starts afresh)")
    }
    try checkSteps(settings.steps)
    if let dumpBatches {
      try common.checkOutputs([dumpBatches], inputs: [config])
      return try BatchDump(configuration: settings, steps: steps ?? settings.steps)
        .write(to: dumpBatches, overwrite: common.overwrite)
    }
    var run = PretrainingRun(
      settings, output: try checkedOutput(start),
      manifest: Manifest(
        config: file.json, version: Prerl.version, seeds: ["seed": settings.seed],
        precision: "float32", threads: common.threads, blas: BLAS.version, blasCore: BLAS.core))
    run.steps = steps ?? settings.steps
    run.keptStates = keep ?? 1
    run.reportDamage = { Console.note("prerl: warning: \($0)") }
    run.threads = common.threads
    run.writeTokenizer = {
      try type(of: settings.task).vocabulary.writeTokenizer(
        to: $0, maximumLength: settings.model.maximumPositions)
    }
    let bar = ProgressBar("pretraining", total: run.steps, unit: "steps", quiet: common.quiet)
    defer { bar.finish() }
    func show(_ step: Pretraining.StepMetrics, tokensPerSecond: Double) {
      bar.update(step.step, note: "loss \(fixed(step.loss, 3))  \(Int(tokensPerSecond)) tokens/s")
    }
    let outcome = try run.run(start, shouldStop: { Interruption.isRequested }, progress: show)
    bar.finish()
    switch outcome {
    case .finished(let summary):
      try Console.print(
        common.json ? summary.json.text() : Self.line(summary, folder: run.output))
    case .alreadyFinished:
      if !common.quiet { Console.note("\(run.output) is complete; there is nothing to resume") }
    case .interrupted(let step):
      throw CommandFailure.interrupted(
        "interrupted after \(step) of \(run.steps) steps "
          + "(\(run.output) holds them, --resume goes on)")
    }
  }

  /// `pretrain` for `experiments/pretrain/config.json`, `small` for `small.json`.
  private var name: String {
    let url = URL(fileURLWithPath: config)
    let file = url.deletingPathExtension().lastPathComponent
    return file == "config" ? url.deletingLastPathComponent().lastPathComponent : file
  }

  private static func line(_ summary: PretrainingSummary, folder: String) -> String {
    "\(folder): \(summary.step) steps, loss \(fixed(summary.loss, 4)), "
      + "\(Int(summary.tokensPerSecond)) tokens/s"
  }
}
