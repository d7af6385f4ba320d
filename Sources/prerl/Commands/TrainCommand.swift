// `prerl train`: runs the experiment that a configuration describes.
import ArgumentParser
import Foundation
import Runs
import StrictJSON
import Tables
import Tasks
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Runs the training experiment that a configuration describes.",
    discussion: """
      Writes manifest.json, metrics.jsonl, summary.json and checkpoint/ into the run's folder; \
      reinforcement learning writes checkpoints/, evaluation.jsonl, timing.jsonl and training.h5.

      Example: prerl train experiments/pretrain/config.json
      """)

  /// What `algorithm` of a configuration may be.
  static let algorithms = ["pretrain"] + PolicyConfiguration.algorithmNames

  @Argument(help: ArgumentHelp("The experiment's configuration.", valueName: "config.json"))
  var config: String

  @Option(
    help: ArgumentHelp(
      "The run's folder (default: results/runs/NAME, after the configuration's folder or file).",
      valueName: "dir"))
  var output: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop after so many steps of the configuration's; 0 writes the initial checkpoint.",
      valueName: "n"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "Write the packed batches as JSONL, one line a step, and train nothing.",
      valueName: "file"))
  var dumpBatches: String?

  @Flag(
    help:
      "Go on from the newest checkpoint of a run of the same configuration; start where there is none."
  )
  var resume = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Checkpoints to keep, the newest ones (default: 2; of pretraining's states 1).",
      valueName: "n"))
  var keep: Int?

  @OptionGroup var runOptions: ModelRunOptions

  var common: CommonOptions { CommonOptions(runOptions) }

  func validate() throws {
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
    if name == "pretrain" { try pretrain(file) } else { try runPolicy(file) }
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
    let checkpoint = try Checkpoint(common)
    let task = try settings.task.open(
      for: CheckpointPlayer(checkpoint),
      folder: URL(fileURLWithPath: config).deletingLastPathComponent().relativePath,
      maximumNewTokens: settings.maximumNewTokens)
    if let obstacle = settings.obstacle(checkpoint.configuration, task) {
      throw CommandFailure.usage("\(checkpoint.directory): \(obstacle)")
    }
    let folder = try RunFolder(
      given: output, name: self.name, overwrite: common.overwrite, resume: resume)
    let run = PolicyRun(
      settings: settings, checkpoint: checkpoint, task: task, steps: steps ?? settings.steps,
      keep: keep ?? 2, resume: resume, common: common)
    guard let summary = try run.run(folder) else { return }
    try Console.print(common.json ? summary.text() : PolicyRun.line(summary, folder))
  }

  private func checkSteps(_ limit: Int) throws {
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
    try checkSteps(settings.steps)
    let run = PretrainingRun(
      configuration: settings, json: file.json, steps: steps ?? settings.steps, keep: keep ?? 1,
      resume: resume, common: common)
    if let dumpBatches {
      try AtomicFile.check([dumpBatches], inputs: [config], overwrite: common.overwrite)
      return try run.dumpBatches(to: dumpBatches)
    }
    let folder = try RunFolder(
      given: output, name: name, overwrite: common.overwrite, resume: resume)
    guard let summary = try run.run(folder) else { return }
    try Console.print(common.json ? summary.text() : Self.line(summary, folder))
  }

  /// `pretrain` for `experiments/pretrain/config.json`, `small` for `small.json`.
  private var name: String {
    let url = URL(fileURLWithPath: config)
    let file = url.deletingPathExtension().lastPathComponent
    return file == "config" ? url.deletingLastPathComponent().lastPathComponent : file
  }

  private static func line(_ summary: JSON, _ folder: RunFolder) -> String {
    func number(_ key: String) -> Double { summary.objectValue?[key]?.doubleValue ?? .nan }
    return "\(folder.path): \(Int(number("step"))) steps, loss \(fixed(number("loss"), 4)), "
      + "\(Int(number("tokens_per_second"))) tokens/s"
  }
}
