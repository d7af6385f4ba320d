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

  /// - Parameters:
  ///   - nullContext: as given by the user; nil for the default, `bos`.
  ///   - needsNullContext: Whether something is scored after it. If not, a model without a default has any.
  init(_ checkpoint: Checkpoint, nullContext: String?, needsNullContext: Bool = true) throws {
    self.checkpoint = checkpoint
    contexts = NullContextArgument(checkpoint)
    if needsNullContext || nullContext != nil {
      self.nullContext = try contexts.resolve(nullContext)
    } else {
      self.nullContext =
        (try? contexts.resolve(nil)) ?? NullContext(name: "unused", tokens: [0])
    }
  }

  /// Options, with the values that depend on the checkpoint filled in.
  func options(seed: UInt64) -> AlignmentOptions {
    AlignmentOptions(
      nullContext: nullContext, seed: seed, nullContextSweep: contexts.sweep(without: nullContext),
      specialTokens: contexts.specialTokens)
  }

  /// The rollouts of two files, those of training and held-out ones, which share no cluster, problem or prompt.
  ///
  /// - Parameter visit: Gets every line of the first file.
  func pools(
    _ path: String, _ heldOut: String, allowLong: Bool, rewardKey: String?,
    visit: (JSONObject) -> Void = { _ in }
  ) throws -> ([Rollout], [Rollout]) {
    let all = try rollouts(
      path: path, allowLong: allowLong, rewardKey: rewardKey, visit: visit)
    // Problems without a name have that of a line, which both files may have.
    let others = try rollouts(
      path: heldOut, allowLong: allowLong, rewardKey: rewardKey, unnamedProblems: "held-out prompt-"
    )
    func refuse<Key: Hashable>(
      _ what: String, _ text: (Rollout) -> String, _ key: (Rollout) -> Key
    ) throws {
      let known = Set(all.map(key))
      guard let shared = others.first(where: { known.contains(key($0)) }) else { return }
      throw CommandFailure.usage(
        "\(heldOut): rollout \(shared.id) has the \(what)\(text(shared)), which \(path) has, too (expected "
          + "held-out \(what)s that \(path) does not have)")
    }
    try refuse("cluster", { " " + $0.cluster }, { Array($0.cluster.utf8) })
    try refuse("problem", { " " + $0.problemID }, { Array($0.problemID.utf8) })
    try refuse("prompt", { _ in "" }, \.promptTokens)
    return (all, others)
  }

  /// The rollouts of a file, encoded and checked for the checkpoint.
  func rollouts(
    path: String, allowLong: Bool = false, limit: Int? = nil, rewardKey: String? = nil,
    unnamedProblems: String? = nil, visit: (JSONObject) -> Void = { _ in }
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
    if let unnamedProblems { options.unnamedProblems = unnamedProblems }
    let rollouts = try checkpoint.rollouts(path: path, options, visit: visit)
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
