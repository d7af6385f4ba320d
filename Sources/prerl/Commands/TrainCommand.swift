// `prerl train`: runs the experiment that a configuration describes.
import ArgumentParser
import Foundation
import Results
import StrictJSON
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Runs the training experiment that a configuration describes.",
    discussion: """
      Writes manifest.json, metrics.jsonl, summary.json and checkpoint/ into the run's folder.

      Example: prerl train experiments/pretrain/config.json
      """)

  /// What `algorithm` of a configuration may be.
  static let algorithms = ["pretrain"]

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

  @OptionGroup var common: CommonOptions

  func run() throws {
    var file = try ConfigurationFile(path: config)
    if common.givenSeed != nil, case .object(var object) = file.json {
      object["seed"] = .integer(Int(common.seed))
      file.json = .object(object)
    }
    let settings = try file.decode { (reader) throws(JSONValueError) in
      _ = try reader.string("algorithm", oneOf: Self.algorithms)
      return try PretrainingConfiguration(reading: &reader)
    }
    if let model = common.model {
      throw CommandFailure.usage("--model is \(model) (expected none: pretraining starts afresh)")
    }
    if let steps, !(0...settings.steps).contains(steps) {
      throw CommandFailure.usage(
        "--steps is \(steps) (expected an integer in 0...\(settings.steps), the configuration's)")
    }
    let run = PretrainingRun(
      configuration: settings, json: file.json, steps: steps ?? settings.steps, common: common)
    if let dumpBatches {
      try AtomicFile.check(dumpBatches, overwrite: common.overwrite)
      return try run.dumpBatches(to: dumpBatches)
    }
    let folder = try RunFolder(given: output, name: name, overwrite: common.overwrite)
    let summary = try run.run(folder)
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
