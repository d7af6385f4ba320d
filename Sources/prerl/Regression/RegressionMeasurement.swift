// Measures the numbers of a baseline, each with the tolerance that a new baseline would have.
//
// The inputs are fixed, so nothing here has sampling error. Machines may differ in the order of the
// sums in OpenBLAS's kernels and in vectorised loops, and in the last bits of libm. The tolerances
// are eight times the largest difference seen between six kernels (Haswell, Zen, Sandybridge,
// Nehalem, Prescott, Barcelona) or more.
import Analysis
import Foundation
import HDF5
import ModelCore
import Runs
import StrictJSON
import Tasks
import Training

struct RegressionMeasurement {
  let common: CommonOptions
  /// Replaces the baseline's null context.
  var nullContext: String?
  /// Replaces the baseline's rollouts.
  var rollouts: String?

  /// - Parameter folder: the baseline's, to which its input is relative.
  func quantities(
    _ measurement: Baseline.Measurement, in folder: String
  ) throws -> [Baseline.Quantity] {
    let input = URL(
      fileURLWithPath: measurement.input, relativeTo: URL(fileURLWithPath: folder + "/"))
    switch measurement.kind {
    case .alignment:
      return try alignment(
        rollouts ?? input.path, nullContext: nullContext ?? measurement.nullContext ?? "bos")
    case .generation:
      return try generation(rollouts ?? input.path, perProblem: measurement.perProblem ?? 1)
    case .pretraining:
      return try pretraining(input.path)
    }
  }

  private static let kernels = "BLAS kernel and libm: float32 sums in another order"

  // MARK: - Alignment and log-probabilities

  private func alignment(
    _ rollouts: String, nullContext: String
  ) throws -> [Baseline.Quantity] {
    try withTemporaryFolder { folder in
      let setup = try AlignmentSetup(Checkpoint(common), nullContext: nullContext)
      var options = setup.options(seed: 0)
      options.controls = AlignmentControls.named(["all"]).map { $0.name }
      options.bootstrapReplicates = 100
      let plan = AlignmentPlan(
        rollouts: try setup.rollouts(path: rollouts), options: options,
        vocabularySize: setup.checkpoint.configuration.vocabularySize)
      let configuration = AlignmentConfiguration(
        model: setup.checkpoint.name, options: options, precision: .float32)
      var run = AlignmentRun<Float>(
        plan, model: try setup.checkpoint.model(), output: folder + "/alignment.h5",
        manifest: setup.manifest(configuration, inputs: [], threads: common.threads))
      run.threads = common.threads
      guard case .finished(let summary) = try run.run(.afresh, quiet: common.quiet) else {
        throw CommandFailure.interrupted("interrupted (nothing was compared)")
      }
      var quantities: [Baseline.Quantity] = []
      Self.collect(summary.json, path: "", into: &quantities)
      return try quantities + Self.samples(of: run.output)
    }
  }

  /// The statistics of a summary, except those in which small changes do not show: extremes and
  /// spreads of the controls, and interval ends. Ratios with an unbounded interval are left out, too: what
  /// they divide by may be 0, which makes rounding errors large.
  private static func collect(
    _ json: JSON, path: String, into quantities: inout [Baseline.Quantity]
  ) {
    for (key, value) in json.objectValue?.members ?? [] {
      let name = path.isEmpty ? key : "\(path).\(key)"
      let isControl = path.hasPrefix("controls")
      let hidden =
        ["_low", "_high"] + (isControl ? ["_sd", "_min", "_max", "negative_fraction"] : [])
      if value.objectValue != nil {
        collect(value, path: name, into: &quantities)
      } else if json.objectValue?["\(key)_low"]?.doubleValue?.isInfinite == true {
        continue
      } else if let number = value.doubleValue, number.isFinite,
        !hidden.contains(where: name.hasSuffix)
      {
        quantities.append(quantity(name, number))
      }
    }
  }

  private static func quantity(_ name: String, _ value: Double) -> Baseline.Quantity {
    var tolerance = max(1e-6, 2e-5 * value.magnitude)
    var reason = kernels
    if name.contains("validity_radius") {
      (tolerance, reason) = (value.magnitude, "a step of the search is a factor of 2")
    } else if name.contains("adam_step") {
      (tolerance, reason) = (
        max(0.01, 0.05 * value.magnitude),
        "a small gradient's sign, and its step, turn with rounding"
      )
    } else if name.hasSuffix(".n") || name == "n" || name.hasSuffix("_undefined") {
      (tolerance, reason) = (name.contains("breakdown") ? 1 : 0, "a count")
      if tolerance > 0 { reason += "; a token may lie at a bin's edge" }
    } else if name.contains("controls.breakdown") {
      (tolerance, reason) = (max(1e-5, 2e-4 * value.magnitude), kernels + ", over few tokens")
    } else if name.contains("controls.update") {
      (tolerance, reason) = (2e-4, kernels + ", divided by a small signal")
    }
    return Baseline.Quantity(name: name, value: value, tolerance: tolerance, reason: reason)
  }

  /// Means over the rollouts, and the first rollouts one by one.
  private static func samples(of path: String) throws -> [Baseline.Quantity] {
    let root = try HDF5File.open(path).root
    func mean(_ dataset: String) throws -> Double {
      let values = try root.dataset(dataset).read(Double.self).filter { !$0.isNaN }
      return values.reduce(0, +) / Double(values.count)
    }
    var quantities = try [
      ("logp_marginal_mean", "samples/logp_marginal"),
      ("logp_conditional_mean", "samples/logp_conditional"),
      ("norm_marginal_mean", "samples/norm_marginal"),
      ("norm_conditional_mean", "samples/norm_conditional"),
      ("entropy_marginal_mean", "tokens/entropy_marginal"),
      ("entropy_conditional_mean", "tokens/entropy_conditional"),
    ].map { quantity($0.0, try mean($0.1)) }
    for name in ["logp_marginal", "logp_conditional", "inner_product", "cosine"] {
      let values = try root.dataset("samples/\(name)").read(Double.self)
      for (index, value) in values.prefix(4).enumerated() {
        quantities.append(quantity("sample.\(index).\(name)", value))
      }
    }
    return quantities
  }

  // MARK: - Generation

  /// Samples as many rollouts of the built-in problems as the file has, with its keys.
  private func generation(_ path: String, perProblem: Int) throws -> [Baseline.Quantity] {
    let checkpoint = try Checkpoint(common)
    let stored = try RolloutReader.read(
      path: path,
      options: RolloutReader.Options(
        vocabularySize: checkpoint.configuration.vocabularySize,
        encoder: TextEncoder(checkpoint: checkpoint)))
    let arguments = try SamplingArguments.parse([
      "--samples", "\(stored.count)", "--per-problem", "\(perProblem)",
    ])
    let fresh = try RolloutSampling(checkpoint, arguments).run(common)
    let equal = zip(stored, fresh).count { $0.responseTokens == $1.responseTokens }
    let count = Double(stored.count)
    func mean(_ value: (Rollout) -> Double) -> Double {
      fresh.reduce(0) { $0 + value($1) } / count
    }
    // Rounding changes a token only if the random number falls on the boundary between two tokens.
    let flips = 1.5 / count
    let reason = "one rollout of \(stored.count) may take another turn where rounding moves a draw"
    return [
      ("equal_responses", Double(equal) / count, flips),
      ("reward_mean", mean { $0.reward ?? 0 }, flips),
      (
        "response_length_mean", mean { Double($0.responseTokens.count) },
        flips * Double(CountdownVariant.three.maximumResponseLength)
      ),
    ].map { Baseline.Quantity(name: $0, value: $1, tolerance: $2, reason: reason) }
  }

  // MARK: - Pretraining

  /// One update of the checkpoint on the first batch of the configuration's corpus, and the loss
  /// on the second batch after it.
  private func pretraining(_ path: String) throws -> [Baseline.Quantity] {
    let file = try ConfigurationFile(path: path)
    let settings = try file.decode { (reader) throws(JSONValueError) in
      _ = try reader.string("algorithm", oneOf: ["pretrain"])
      return try PretrainingConfiguration(reading: &reader)
    }
    let checkpoint = try Checkpoint(common)
    let model = try checkpoint.model(Float.self)
    guard model.configuration == settings.model else {
      throw CommandFailure.usage("\(path): another model than \(checkpoint.name)")
    }
    let run = Pretraining(settings, from: model, threads: common.threads)
    return try (1...2).flatMap { step in
      let metrics = try run.advance()
      return [
        ("step\(step).loss", metrics.loss), ("step\(step).entropy", metrics.entropy),
        ("step\(step).gradient_norm", metrics.gradientNorm),
      ].map(Self.quantity)
    }
  }
}
