// `prerl replay`: a result made again from what its file stores.
import Analysis
import ArgumentParser
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tables
import Tasks

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Rerun an alignment from its result file; exit status 1 if any bit differs.",
    discussion: """
      The file stores prompts, responses, rewards and settings. The model is the one that the file \
      names, or --model DIR, and its files must have the same SHA-256. Other OpenBLAS kernels may \
      change the last bits, so the kernels of both runs are printed when the bits differ.

      Example: prerl replay results/reference/alignment/alignment.h5
      """)

  @Argument(help: ArgumentHelp("The result file.", valueName: "run.h5"))
  var file: String

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions

  var common: CommonOptions {
    CommonOptions(modelOptions, threadOptions, printOptions, progressOptions)
  }

  func run() throws {
    let stored = try readingResults([file]) {
      // Everything is read before the long rerun: damage anywhere is found here.
      _ = try FileDifference(file, file)
      return try StoredAlignment(file)
    }
    let model = common.model ?? Self.model(of: stored)
    try check(model, stored)
    let difference = try withTemporaryFolder { folder in
      let output = folder + "/alignment.h5"
      switch stored.precision {
      case .float32: try rerun(stored, model, to: output, Float.self)
      case .float64: try rerun(stored, model, to: output, Double.self)
      }
      return try readingResults([file]) { try FileDifference(file, output) }
    }
    if common.json {
      try Console.print(difference.json.text(indent: 2))
    } else if difference.isEmpty {
      try Console.print("\(file): \(difference.comparedCount) datasets agree bit for bit")
    }
    guard difference.isEmpty else {
      let names = difference.quantities.prefix(3).map(\.path).joined(separator: ", ")
      let core = stored.origin.first { $0.name == "blas_core" }?.text ?? "unknown"
      throw CommandFailure.check(
        "\(file): \(difference.quantities.count) of \(difference.comparedCount) datasets differ, "
          + "among them \(names) (made with \(core) kernels, rerun with \(BLAS.core); expected the "
          + "same bits from the same build and kernels)")
    }
  }

  /// The folder of the model that the run names; nil for the embedded one.
  private static func model(of stored: StoredAlignment) -> String? {
    let name = stored.configuration["model"]?.stringValue
    return name == "embedded" ? nil : name
  }

  /// The model must be the one that the file was made with.
  private func check(_ model: String?, _ stored: StoredAlignment) throws {
    var options = common
    options.model = model
    for path in try Checkpoint(options).files {
      let name = URL(fileURLWithPath: path).lastPathComponent
      let hash = try Manifest.Input(role: "model", path: path).hash
      guard stored.modelHashes[name] == hash else {
        throw CommandFailure.usage(
          "\(path): has SHA-256 \(hash.prefix(12))…, \(file) was made with "
            + "\(stored.modelHashes[name]?.prefix(12) ?? "no such file")… (expected the same model; "
            + "--model names another folder)")
      }
    }
    guard
      common.adapter != nil || LowRankAdapter.files.allSatisfy({ stored.modelHashes[$0] == nil })
    else {
      throw CommandFailure.usage("\(file) was made with an adapter (expected --adapter DIR)")
    }
  }

  /// Refuses what the model has no token for and what has no gradient; a result file does not have it,
  /// a file that was changed may.
  private func check(_ stored: StoredAlignment, vocabularySize: Int) throws(CommandFailure) {
    func check(_ tokens: [Int32], _ what: String) throws(CommandFailure) {
      for token in tokens where token < 0 || Int(token) >= vocabularySize {
        throw .usage(
          "\(file): \(what) has the token \(token) (expected 0 to \(vocabularySize - 1), the "
            + "model's)")
      }
    }
    for rollout in stored.rollouts {
      guard !rollout.promptTokens.isEmpty, !rollout.responseTokens.isEmpty else {
        throw .usage(
          "\(file): the rollout \(rollout.id) has no prompt or no response (expected tokens)")
      }
      try check(rollout.promptTokens + rollout.responseTokens, "the rollout \(rollout.id)")
    }
    for context in [stored.options.nullContext] + stored.options.nullContextSweep {
      try check(context.tokens, "the null context \(context.name)")
    }
  }

  /// Runs what the file stores.
  private func rerun<Scalar: ModelScalar>(
    _ stored: StoredAlignment, _ directory: String?, to output: String, _: Scalar.Type
  ) throws {
    var options = common
    options.model = directory
    let checkpoint = try Checkpoint(options)
    let part = stored.configuration["gradients"]?.stringValue
      .flatMap { Checkpoint.Differentiated(rawValue: $0) }
    let model = try checkpoint.model(Scalar.self, differentiating: part ?? .base)
    try check(stored, vocabularySize: model.configuration.vocabularySize)
    let plan = AlignmentPlan(
      rollouts: stored.rollouts, options: stored.options,
      vocabularySize: model.configuration.vocabularySize)
    try checkpoint.check(plan)
    var run = AlignmentRun(
      plan, model: model, output: output,
      manifest: Manifest(
        config: .object(stored.configuration), version: Prerl.version,
        seeds: ["seed": stored.options.seed], precision: stored.precision.rawValue,
        threads: common.threads, blas: BLAS.version, blasCore: BLAS.core))
    run.dumpedGradients = stored.dumpedGradients
    run.threads = common.threads
    guard case .finished = try run.run(.afresh, quiet: common.quiet) else {
      throw CommandFailure.interrupted("interrupted (nothing was compared)")
    }
  }
}
