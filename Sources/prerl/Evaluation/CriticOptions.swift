// `--critic`, `--continuations` and `--values` of `prerl evaluate`.
import ArgumentParser
import Foundation
import KeyedRandom
import ModelCore
import Runs
import Statistics
import StrictJSON
import Tables
import Tasks
import Training

struct CriticOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also report the calibration of this critic, a folder with a value head such as checkpoints/step-N/critic.",
      valueName: "dir"))
  var critic: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also compare the critic with the mean reward of n continuations from each state between two steps.",
      valueName: "n"))
  var continuations: Int?

  @Option(
    help: ArgumentHelp(
      "Write the critic's value, action value and advantage of every token to this HDF5 file.",
      valueName: "file"))
  var values: String?

  func validate() throws {
    if critic == "" { throw ValidationError("--critic is empty (expected a folder)") }
    guard values == nil || critic != nil else {
      throw ValidationError("--values without --critic (expected the folder of a critic)")
    }
    guard let continuations else { return }
    guard critic != nil else {
      throw ValidationError("--continuations without --critic (expected the folder of a critic)")
    }
    guard 2...4096 ~= continuations else {
      throw ValidationError(
        "--continuations is \(continuations) (expected an integer in 2...4096: the noise of one is unknown)"
      )
    }
  }

  /// The critic's values of rollouts that have their rewards; nil without `--critic`.
  ///
  /// - Parameter sampling: How the rollouts were sampled; nil for those of a file, which have no continuations.
  /// - Throws: A usage error for a critic that cannot read the rollouts.
  func evaluation(
    of rollouts: [Rollout], _ checkpoint: Checkpoint, _ sampling: RolloutSampling?,
    _ common: CommonOptions
  ) throws -> CriticEvaluation? {
    guard let critic else { return nil }
    let function = try ValueFunction(directory: critic)
    try Self.check(critic, function, reads: rollouts)
    let bootstrap = BootstrapT(key: RandomKey(seed: common.seed).derive("bootstrap"))
    var evaluation = try CriticEvaluation(
      rollouts, function, bootstrap: bootstrap, threads: common.threads)
    if let continuations, let sampling {
      let task = try ContinuationValues.requireTask(of: checkpoint)
      let estimator = ContinuationValues(count: continuations)
      let (places, values) = try estimator.values(of: rollouts, checkpoint, sampling, task, common)
      evaluation.compare(
        with: estimator, places: places, values: values, task: task, bootstrap: bootstrap)
    }
    return evaluation
  }

  /// Refuses a critic that cannot read the rollouts.
  static func check(
    _ critic: String, _ function: ValueFunction, reads rollouts: [Rollout]
  ) throws(CommandFailure) {
    let shape = function.trunk.configuration
    for rollout in rollouts {
      let tokens = rollout.promptTokens + rollout.responseTokens
      if let token = tokens.first(where: { !(0..<shape.vocabularySize).contains(Int($0)) }) {
        throw CommandFailure.usage(
          "\(critic): rollout \(rollout.id) has the token id \(token) (expected ids below "
            + "\(shape.vocabularySize), the critic's vocabulary)")
      }
      guard tokens.count <= shape.maximumPositions else {
        throw CommandFailure.usage(
          "\(critic): rollout \(rollout.id) has \(tokens.count) tokens (expected at most "
            + "\(shape.maximumPositions), the critic's positions)")
      }
    }
  }

  /// Writes `--values`, if it is given.
  ///
  /// - Parameter rollouts: The file of the rollouts; nil where they were sampled.
  func write(
    _ evaluation: CriticEvaluation, of rollouts: String?, _ checkpoint: Checkpoint,
    _ common: CommonOptions
  ) throws {
    guard let values, let critic else { return }
    var inputs = try checkpoint.inputs()
    for name in Checkpoint.files(in: critic) {
      inputs.append(try Manifest.Input(role: "critic", path: name))
    }
    if let rollouts {
      inputs.append(
        try Manifest.Input(role: "rollouts", path: InputCopy.path(of: rollouts), name: rollouts))
    }
    var manifest = Manifest(
      config: ["critic": .string(critic)], version: Prerl.version, inputs: inputs,
      seeds: ["seed": common.seed], precision: "float32", threads: common.threads,
      blas: BLAS.version, blasCore: BLAS.core)
    manifest.end = Date()
    try AtomicFile.publish(values, overwrite: common.overwrite) {
      try evaluation.write(to: $0, attributes: manifest.attributes)
    }
  }
}
