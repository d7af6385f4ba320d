// `prerl train` with `"algorithm": "reward-model"`.
import Foundation
import KeyedRandom
import ModelCore
import Runs
import StrictJSON
import Tables
import Tasks
import Training

extension TrainCommand {
  /// Trains a reward model that begins with `--model`: a reward model, or a language model whose layers get a
  /// new head.
  func trainRewardModel(_ file: ConfigurationFile) throws {
    var settings = try file.decode { (reader) throws(JSONValueError) in
      try RewardConfiguration(reading: &reader)
    }
    try checkSteps(settings.steps)
    if let dumpBatches {
      throw CommandFailure.usage(
        "--dump-batches is \(dumpBatches) (expected none: only pretraining has packed batches)")
    }
    let checkpoint = try Checkpoint(common, head: nil)
    let template =
      try settings.template
      ?? RewardTemplate(
        directory: checkpoint.directory, family: checkpoint.configuration.family)
    // A run that goes on has to read text as before, whatever the folder says by then.
    settings.template = template
    let data = try PreferenceData(
      settings, folder: URL(fileURLWithPath: config).deletingLastPathComponent().relativePath,
      options: template.readerOptions(checkpoint))
    let output = try checkedOutput(start)
    var shape = checkpoint.configuration
    shape.head = .reward
    try requireMemory(
      RewardGradient<Float>.byteCount(
        ParameterLayout(shape), pairCount: settings.pairsPerStep, threads: common.threads),
      for: "pairs_per_step")
    let head = RandomKey(seed: settings.seed).derive("reward model").derive("head")
    var run = RewardRun(
      settings, data, model: try checkpoint.rewardModel(drawingHead: head), output: output,
      manifest: Manifest(
        config: settings.json, version: Prerl.version,
        inputs: try checkpoint.inputs()
          + data.files.map { try Manifest.Input(role: "problems", path: $0) },
        seeds: ["seed": settings.seed], precision: "float32", threads: common.threads,
        blas: BLAS.version, blasCore: BLAS.core))
    run.steps = steps ?? settings.steps
    run.keptCheckpoints = keep ?? 2
    run.threads = common.threads
    run.writeTokenizer = { folder in
      try checkpoint.writeTokenizer(to: folder)
      try template.save(directory: folder)
    }
    run.reportDamage = { Console.note("prerl: warning: \($0)") }
    let report = RewardTrainingReport(
      folder: output, steps: run.steps, isQuiet: common.quiet)
    report.begin(data, settings)
    let outcome: RewardRun.Outcome
    do {
      outcome = try run.run(
        try start, shouldStop: { Interruption.isRequested }, progress: report.note)
    } catch let error as TrainingError {
      throw report.failure(error)
    }
    guard let summary = try report.summary(outcome) else { return }
    try Console.print(common.json ? summary.json.text() : report.line(summary))
  }
}

extension Checkpoint {
  /// Reads a reward model, or the layers of a language model under a head that is drawn from a key.
  func rewardModel(drawingHead key: RandomKey) throws -> Transformer<Float> {
    if configuration.head == .reward { return try model(Float.self) }
    let count = ParameterLayout(configuration).count
    try requireMemory(Double(count) * Double(MemoryLayout<Float>.stride), for: directory)
    let model = try Transformer<Float>(rewardModelOn: directory, drawingHead: key)
    if let adapter { try model.add(adapter) }
    return model
  }
}
