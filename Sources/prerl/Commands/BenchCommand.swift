// `prerl bench`: how fast the machine is, and how much of it every stage uses.
import ArgumentParser
import Foundation
import ModelCore
import Runs
import StrictJSON
import Tables

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the rate of every stage, and as a fraction of the machine's sgemm rate.",
    discussion: """
      Every stage is measured on one thread and on --threads threads. The column "of sgemm" \
      divides its rate by that of sgemm alone at the same matrix shapes. Operations are counted as \
      if every weight gradient were formed. Measure on an idle machine.

      --kernels measures with each of OpenBLAS's kernels that this processor can execute and prints \
      which is fastest: OpenBLAS chooses by the processor and not by the shapes.

      Example: prerl bench --json > bench.json
      """)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Measure each rate for this many seconds.", valueName: "s"))
  var seconds = 0.5

  @Option(
    help: ArgumentHelp(
      "Measure on rollouts of this file, at most 64 (default: solutions of built-in problems, or random tokens).",
      valueName: "file"))
  var rollouts: String?

  @Flag(help: "Compare the kernels of OpenBLAS.")
  var kernels = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var seedOptions: SeedOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions

  var common: CommonOptions {
    CommonOptions(
      modelOptions, weightOptions, seedOptions, threadOptions, printOptions, progressOptions)
  }

  func validate() throws {
    guard 0.01...3600 ~= seconds else {
      throw ValidationError("--seconds is \(seconds) (expected a number in 0.01...3600)")
    }
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    let examples = try examples(checkpoint)
    if kernels { return try compareKernels() }
    let model = try checkpoint.model(Float.self)
    let threadCounts = Set([1, common.threads]).sorted()
    let progress = ProgressBar(
      "bench", total: 11 * threadCounts.count, unit: "stages", quiet: common.quiet)
    defer { progress.finish() }
    var done = 0
    var rates: [Benchmark.Rate] = []
    for threads in threadCounts {
      let benchmark = Benchmark(
        checkpoint, model, examples, threads: threads, seconds: seconds)
      rates += try benchmark.run { stage in
        progress.update(done, note: "\(stage), threads: \(threads)")
        done += 1
      }
    }
    progress.finish()
    try Console.print(common.json ? json(checkpoint, rates) : text(checkpoint, rates))
  }

  /// What is measured on: rollouts of the file, evenly spaced.
  private func examples(_ checkpoint: Checkpoint) throws -> [ExampleSequences] {
    guard let rollouts else {
      return ExampleSequences.make(
        64, for: checkpoint.configuration, key: common.key.derive("bench"))
    }
    let setup = try AlignmentSetup(
      checkpoint, nullContext: nil, needsNullContext: false)
    let all = try setup.rollouts(path: rollouts)
    let count = min(64, all.count)
    return (0..<count).map {
      ExampleSequences(all[$0 * all.count / count], nullContext: setup.nullContext.tokens)
    }
  }

  private func compareKernels() throws {
    var arguments = ["--seconds", "\(seconds)", "--threads", "\(common.threads)"]
    arguments += ["--seed", "\(common.seed)"]
    // The copy of a pipe is a file of this process.
    let own = "/proc/\(ProcessInfo.processInfo.processIdentifier)/"
    let readable = try rollouts.map {
      try InputCopy.path(of: $0).replacing("/proc/self/", with: own)
    }
    for (option, value) in [
      ("--model", common.model), ("--adapter", common.adapter),
      ("--rollouts", readable),
      ("--weights", common.weights.rawValue),
    ] {
      if let value { arguments += [option, value] }
    }
    let progress = ProgressBar("bench", total: 100, unit: "%", quiet: common.quiet)
    defer { progress.finish() }
    let comparison = try KernelComparison(chosen: BLAS.core, arguments: arguments) {
      progress.update(Int(100 * $1), note: $0)
    }
    progress.finish()
    try Console.print(common.json ? comparison.json.text(indent: 2) : comparison.text)
  }

  private func json(_ checkpoint: Checkpoint, _ rates: [Benchmark.Rate]) -> String {
    let machine = Machine.current()
    let object: JSON = [
      "model": .string(checkpoint.name),
      "parameters": .integer(ParameterLayout(checkpoint.configuration).count),
      "cpu": .string(machine.processor), "cpu_count": .integer(machine.processorCount),
      "cpu_flags": .array(machine.instructionSets.map(JSON.string)),
      "blas": .string(BLAS.version), "blas_core": .string(BLAS.core),
      "rates": .array(rates.map(\.json)),
    ]
    return object.text(indent: 2)
  }

  private func text(_ checkpoint: Checkpoint, _ rates: [Benchmark.Rate]) -> String {
    var table = TextTable(["stage", "threads", "samples/s", "tokens/s", "GFLOP/s", "of sgemm"])
    for rate in rates {
      table.add([
        rate.stage, String(rate.threads), rate.samplesPerSecond.map { significant($0, 3) } ?? "",
        rate.tokensPerSecond.map { String(Int($0)) } ?? "", significant(rate.gigaflops, 3),
        rate.share.map { "\(fixed(100 * $0, 0))%" } ?? "",
      ])
    }
    let machine = Machine.current()
    return """
      \(checkpoint.name), \(ParameterLayout(checkpoint.configuration).count) parameters
      \(machine.processor), \(machine.processorCount) logical processors
      \(BLAS.version), kernels: \(BLAS.core)
      \(table.text)
      """
  }
}
