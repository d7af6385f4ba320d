// One alignment run: from a plan through the journal to the result file.
import Foundation
import HDF5
import KeyedRandom
import ModelCore
import Runs
import StrictJSON

/// A run that can be started, watched, interrupted and resumed.
///
///     let plan = AlignmentPlan(rollouts: rollouts, options: options, vocabularySize: size)
///     let run = AlignmentRun(plan, model: model, output: "alignment.h5", manifest: manifest)
///     let outcome = try run.run(.afresh)
///
/// Results do not depend on threads, on the division into shards or on interruptions.
public struct AlignmentRun<Scalar: ModelScalar> {
  public let plan: AlignmentPlan
  public let model: Transformer<Scalar>
  /// The result file; a journal lies beside it until it is finished.
  public var output: String
  /// Where the statistics go as JSON, too.
  public var summaryPath: String?
  /// Where the provenance goes as JSON, too.
  public var manifestPath: String?
  /// The part of the rollouts that is measured; all of them without one.
  public var shard: Shard?
  /// Rollouts whose whole gradients are written.
  public var dumpedGradients = 0
  public var threads = 1
  /// Bytes that the controls over all rollouts may use in all, the model included. It changes the number
  /// of passes over the rollouts and no result.
  public var memoryLimit = Machine.defaultMemoryLimit
  /// Where the results come from; `config` identifies the run when it is resumed.
  public var manifest: Manifest

  public init(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, output: String, manifest: Manifest
  ) {
    self.plan = plan
    self.model = model
    self.output = output
    self.manifest = manifest
  }

  /// How the run ended.
  public enum Outcome: Sendable {
    case finished(AlignmentSummary)
    /// Stopped after so many rollouts; the result file holds them and the journal is kept.
    case interrupted(done: Int)
  }

  /// What a running run reports, on the calling thread.
  public enum Progress: Sendable {
    case rollouts(done: Int, of: Int)
    /// The share of a control over all rollouts that is done.
    case control(String, Double)
  }

  /// The rollouts that are measured.
  public var samples: Range<Int> {
    shard?.range(of: plan.rollouts.count) ?? 0..<plan.rollouts.count
  }

  /// Refuses controls over all rollouts that the memory limit does not allow.
  public func checkMemory() throws(MemoryLimitExceeded) {
    guard measuresCollection else { return }
    try GradientMemory(
      plan, model, threads: threads, limit: memoryLimit
    ).check(plan)
  }

  /// Measures and publishes the files.
  ///
  /// - Parameters:
  ///   - shouldStop: asked by every worker; once true, the rollouts in hand are finished and kept.
  ///   - progress: gets what is done, now and then.
  /// - Throws: `OutputError` for outputs that cannot be written and journals of other runs;
  ///   `MemoryLimitExceeded`, before anything is measured.
  public func run(
    _ start: RunStart, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (Progress) -> Void = { _ in }
  ) throws -> Outcome {
    try checkMemory()
    // Journals of another format of records are told apart by their header.
    var header = manifest.config.objectValue ?? [:]
    header["journal_format"] = .integer(AlignmentRecord.format)
    let journal = try Journal(
      path: Journal.path(for: output), header: .object(header),
      mode: start == .resuming ? .resume : start == .overwriting ? .overwrite : .create)
    let isComplete = try measure(into: journal, shouldStop: shouldStop, progress: progress)
    var manifest = manifest
    manifest.end = Date()
    let summary = try publish(journal, manifest, isComplete: isComplete)
    guard isComplete else {
      try journal.close()
      return .interrupted(done: min(journal.count, samples.count))
    }
    try journal.remove()
    return .finished(summary)
  }

  /// Fills the journal; false if it was stopped.
  private func measure(
    into journal: Journal, shouldStop: @escaping @Sendable () -> Bool,
    progress: @escaping (Progress) -> Void
  ) throws -> Bool {
    // Two functions, so that what the first one holds is free for the second.
    guard try measureRollouts(into: journal, shouldStop: shouldStop, progress: progress) else {
      return false
    }
    guard measuresCollection, journal.count == samples.count else { return true }
    return try measureCollection(into: journal, shouldStop: shouldStop, progress: progress)
  }

  /// The rollouts that are not in the journal yet; false if it was stopped.
  private func measureRollouts(
    into journal: Journal, shouldStop: @escaping @Sendable () -> Bool,
    progress: @escaping (Progress) -> Void
  ) throws -> Bool {
    let samples = samples
    let models = AlignmentModels(model)
    let plan = plan
    let first = samples.lowerBound + min(journal.count, samples.count)
    let next = try forEachInOrder(
      first..<samples.upperBound, threads: threads, shouldStop: shouldStop,
      makeWorker: { SampleAligner(plan: plan, models: models) },
      body: { aligner, index in
        let sample = aligner.measure(index)
        if let what = sample.pair.summary(plan.options.reduction).nonFinite {
          throw NonFiniteError("rollout \(plan.rollouts[index].id): \(what)")
        }
        return AlignmentRecord.sample(sample).bytes(plan)
      },
      consume: { index, bytes in
        try journal.append(bytes)
        progress(.rollouts(done: index + 1 - samples.lowerBound, of: samples.count))
      })
    try journal.sync()
    return next == samples.upperBound
  }

  /// The controls over all rollouts; false if it was stopped.
  private func measureCollection(
    into journal: Journal, shouldStop: @escaping @Sendable () -> Bool,
    progress: @escaping (Progress) -> Void
  ) throws -> Bool {
    guard
      let results = try CollectionResults.measure(
        plan, model: model, threads: threads, memoryLimit: memoryLimit, shouldStop: shouldStop,
        progress: { progress(.control($0, $1)) })
    else { return false }
    try journal.append(AlignmentRecord.collection(results).bytes(plan))
    try journal.sync()
    return true
  }

  /// The controls over all rollouts belong to the whole run, or to its first part.
  private var measuresCollection: Bool {
    !plan.collectionControls.isEmpty && (shard?.index ?? 0) == 0
  }

  private func publish(
    _ journal: Journal, _ manifest: Manifest, isComplete: Bool
  ) throws -> AlignmentSummary {
    let groups = model.layout.groups
    func row(_ index: Int) throws -> AlignmentRow {
      let sample = try AlignmentRecord.sample(
        index, bytes: journal.record(at: index - samples.lowerBound), plan: plan,
        groupCount: groups.count)
      return AlignmentRow(sample: sample, main: sample.pair.summary(plan.options.reduction))
    }
    let present = samples.prefix(min(journal.count, samples.count))
    let results = try AlignmentResults(
      plan, samples: present.startIndex..<present.endIndex,
      collection: journal.count > samples.count
        ? AlignmentRecord.collection(bytes: journal.record(at: samples.count), plan: plan)
        : CollectionResults(), row: row)
    let file = AlignmentFile(
      plan: plan, groups: groups, precision: Scalar.self == Float.self ? .float32 : .float64,
      shard: shard, isComplete: isComplete, attributes: manifest.attributes)
    let dumped = present.prefix { $0 < dumpedGradients }
    try AtomicFile.publish(output, overwrite: true) { temporary in
      try file.write(
        results, to: temporary, row: row,
        gradients: dumped.isEmpty
          ? nil
          : { group in
            try GradientDump(plan: plan, model: model).write(Array(dumped), to: group)
          })
    }
    if let summaryPath {
      try AtomicFile.publish(
        results.summary.json.text(indent: 2) + "\n", to: summaryPath, overwrite: true)
    }
    if let manifestPath {
      try AtomicFile.publish(
        manifest.json.text(indent: 2) + "\n", to: manifestPath, overwrite: true)
    }
    return results.summary
  }
}
