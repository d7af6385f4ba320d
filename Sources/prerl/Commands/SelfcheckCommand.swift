// `prerl selfcheck`: whether gradients, products and decoding of a checkpoint hold on this machine.
import ArgumentParser
import ModelCore
import StrictJSON
import Tables

struct SelfcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selfcheck",
    abstract: "Check the numerics of a checkpoint on this machine; exit status 1 if a check fails.",
    discussion: """
      Each check computes the same numbers in two ways and compares them: gradients by \
      backpropagation and by finite differences, inner products by Gram matrices and from formed \
      gradients, matrix products by BLAS and by plain loops, values in float32 and in float64, \
      decoding with a cache and by a full forward pass, samples in a batch and one by one. The \
      last rows do not use the checkpoint: they compare every parameter's gradient with finite \
      differences in a tiny random model of each supported family.

      Example: prerl selfcheck --model my-checkpoint
      """)

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var seedOptions: SeedOptions
  @OptionGroup var printOptions: PrintOptions
  @OptionGroup var progressOptions: ProgressOptions

  var common: CommonOptions {
    CommonOptions(modelOptions, seedOptions, printOptions, progressOptions)
  }

  func run() throws {
    let checkpoint = try Checkpoint(common)
    // Memory for both models, a gradient, a direction and a copy of the parameters.
    let count = Double(ParameterLayout(checkpoint.configuration).count)
    try requireMemory(count * (4 + 4 * 8), for: "the self-check of \(checkpoint.name)")
    let check = SelfCheck(
      single: try checkpoint.model(Float.self), double: try checkpoint.model(Double.self),
      key: common.key.derive("selfcheck"))
    let progress = ProgressBar("selfcheck", total: 7, unit: "checks", quiet: common.quiet)
    defer { progress.finish() }
    var done = 0
    let deviations = try check.run { name in
      progress.update(done, note: name)
      done += 1
    }
    progress.finish()

    let failed = deviations.filter { !$0.isWithin }
    if common.json {
      let object: JSON = [
        "model": .string(checkpoint.name), "ok": .bool(failed.isEmpty),
        "checks": .array(deviations.map(\.json)),
      ]
      try Console.print(object.text(indent: 2))
    } else {
      var table = TextTable(
        ["check", "precision", "", "deviation", "limit", "largest at"], numbers: 3..<5)
      for deviation in deviations {
        table.add([
          deviation.check, deviation.precision, deviation.isWithin ? "ok" : "FAILED",
          significant(deviation.largest, 2), significant(deviation.limit, 2), deviation.place,
        ])
      }
      try Console.print("\(checkpoint.name)\n\(table.text)")
    }
    if let first = failed.first {
      throw CommandFailure.check(
        "\(failed.count) of \(deviations.count) checks failed, the first: \(first.check) "
          + "(expected at most \(significant(first.limit, 2)))")
    }
  }
}
