// Makes an alignment plan from the options of a command: null context, rollouts, controls.
import Analysis
import ModelCore
import Runs
import StrictJSON
import Tasks

/// The inputs of `align`, `surrogate`, `replay` and `regress`.
struct AlignmentSetup {
  let checkpoint: Checkpoint
  let nullContext: NullContext
  private let contexts: NullContextArgument

  /// - Parameter nullContext: as given by the user; nil for the default, `bos`.
  init(_ checkpoint: Checkpoint, nullContext: String?) throws {
    self.checkpoint = checkpoint
    contexts = NullContextArgument(checkpoint)
    self.nullContext = try contexts.resolve(nullContext)
  }

  /// Options, with the values that depend on the checkpoint filled in.
  func options(seed: UInt64) -> AlignmentOptions {
    AlignmentOptions(
      nullContext: nullContext, seed: seed, nullContextSweep: contexts.sweep(without: nullContext),
      specialTokens: contexts.specialTokens)
  }

  /// The rollouts of two files, those of training and held-out ones, which share no cluster.
  func pools(
    _ path: String, _ heldOut: String, allowLong: Bool, rewardKey: String?
  ) throws -> ([Rollout], [Rollout]) {
    let all = try rollouts(path: path, allowLong: allowLong, rewardKey: rewardKey)
    let others = try rollouts(path: heldOut, allowLong: allowLong, rewardKey: rewardKey)
    let clusters = Set(all.map { Array($0.cluster.utf8) })
    if let shared = others.first(where: { clusters.contains(Array($0.cluster.utf8)) }) {
      throw CommandFailure.usage(
        "\(heldOut): rollout \(shared.id) has the cluster \(shared.cluster), which \(path) has, too (expected "
          + "clusters that it does not have)")
    }
    return (all, others)
  }

  /// The rollouts of a file, encoded and checked for the checkpoint.
  func rollouts(
    path: String, allowLong: Bool = false, limit: Int? = nil, rewardKey: String? = nil
  ) throws -> [Rollout] {
    let configuration = checkpoint.configuration
    guard !(allowLong && configuration.limitsPositions) else {
      throw CommandFailure.usage(
        "--allow-long: \(checkpoint.name) has no positions beyond "
          + "\(configuration.maximumPositions) (expected a command without this option)")
    }
    var options = checkpoint.readerOptions()
    if allowLong { options.maximumLength = nil }
    options.limit = limit
    options.rewardKey = rewardKey
    let rollouts = try checkpoint.rollouts(path: path, options)
    try check(rollouts, path)
    return rollouts
  }

  /// Refuses responses without a scored token.
  func check(_ rollouts: [Rollout], _ path: String) throws {
    if nullContext.tokens.isEmpty,
      let short = rollouts.first(where: { $0.responseTokens.count < 2 })
    {
      throw CommandFailure.usage(
        "\(path): rollout \(short.id) has one response token, which is not scored without a context "
          + "(expected another --null-context)")
    }
  }

  /// The provenance of a run with a configuration.
  func manifest(
    _ configuration: AlignmentConfiguration, inputs: [Manifest.Input], threads: Int
  ) -> Manifest {
    Manifest(
      config: configuration.json, version: Prerl.version, inputs: inputs,
      seeds: ["seed": configuration.options.seed], precision: configuration.precision.rawValue,
      threads: threads, blas: BLAS.version, blasCore: BLAS.core)
  }
}

extension Checkpoint {
  /// Refuses sequences that end beyond the positions of a model that cannot compute others: a null context or another problem's prompt may
  /// be longer than the rollout's own.
  func check(_ plan: AlignmentPlan) throws {
    let (tokens, control) = plan.longestSequence
    guard configuration.limitsPositions, tokens > configuration.maximumPositions else {
      return
    }
    throw CommandFailure.usage(
      "\(control.map { "--control \($0)" } ?? "--null-context"): a context and a response may have "
        + "\(tokens) tokens together (expected at most \(configuration.maximumPositions), the "
        + "positions of \(name))")
  }
}

extension AlignmentRun {
  /// Runs with a progress bar; stops when the user interrupts.
  func run(_ start: RunStart, quiet: Bool) throws -> Outcome {
    let rollouts = ProgressBar("aligning", total: samples.count, unit: "rollouts", quiet: quiet)
    let stages = ProgressBar("controls over all rollouts", total: 100, unit: "%", quiet: quiet)
    defer {
      rollouts.finish()
      stages.finish()
    }
    func show(_ progress: Progress) {
      switch progress {
      case .rollouts(let done, let count):
        rollouts.update(done)
        if done == count { rollouts.finish() }
      case .control(let name, let share): stages.update(Int(100 * share), note: name)
      }
    }
    return try run(start, shouldStop: { Interruption.isRequested }, progress: show)
  }
}
