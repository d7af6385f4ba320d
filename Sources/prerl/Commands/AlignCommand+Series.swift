// `prerl align --series`: the same rollouts under every checkpoint of a training.
import Analysis
import Foundation
import HDF5
import KeyedRandom
import ModelCore
import Runs
import Statistics
import StrictJSON
import Tables

extension AlignCommand {
  /// Measures every checkpoint and joins the results.
  func run<Scalar: ModelScalar>(
    _ type: Scalar.Type, along series: CheckpointSeries
  ) throws {
    let start = try start
    // What can be wrong is found before anything is written or removed.
    try common.checkOutputs([output], inputs: [rollouts], resumes: start == .resuming)
    try requireSeries(start)
    let folder = output + ".parts"
    let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    if start == .afresh, !left.isEmpty {
      throw CommandFailure.usage(
        "\(folder): an earlier run left its parts (--resume goes on with them, --overwrite starts afresh)"
      )
    }
    let setups = try series.members.map { member in
      try AlignmentSetup(Checkpoint(options(of: member)), nullContext: nullContext)
    }
    let found = try rollouts(setups[0], options(of: series.members[0])).rollouts
    let inputs = try [rolloutInput()].compactMap(\.self)
    var configuration = try configuration(setups[0], inputs)
    configuration.more["series"] = .array(series.members.map { .string($0.directory) })
    let plan = AlignmentPlan(
      rollouts: found, options: configuration.options,
      vocabularySize: setups[0].checkpoint.configuration.vocabularySize)
    if start == .overwriting { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var parts: [AlignmentSeries.Part] = []
    for (place, member) in series.members.enumerated() {
      if !common.quiet {
        Console.note("\(member.directory) (\(place + 1) of \(series.members.count))")
      }
      let path = "\(folder)/\(member.name).h5"
      // A part that is not there yet starts afresh.
      _ = try measure(type, options(of: member), output: path, .resuming)
      parts.append(AlignmentSeries.Part(step: member.step, name: member.name, path: path))
    }
    var manifest = setups[0].manifest(configuration, inputs: inputs, threads: common.threads)
    manifest.end = Date()
    let joined = try AlignmentSeries(
      plan, parts,
      bootstrap: BootstrapT(
        key: RandomKey(seed: common.seed).derive("bootstrap"), replicates: bootstrap))
    try AtomicFile.publish(output, overwrite: true) {
      try joined.write(to: $0, attributes: manifest.attributes)
    }
    if common.json { return try Console.print(joined.json.text()) }
    try Console.print(joined.text)
    let clusters = Set(plan.rollouts.map { Array($0.cluster.utf8) }).count
    if let few = fewClustersNote(clusters) { try Console.print("\n" + few) }
    try Console.print("\nResults: \(output), and each checkpoint's in \(folder)")
  }

  /// The options of a run on one checkpoint of a series.
  private func options(of member: CheckpointSeries.Member) -> CommonOptions {
    var own = common
    own.model = member.directory
    return own
  }

  /// Refuses to go on with a file that is no series.
  private func requireSeries(_ start: RunStart) throws {
    guard start == .resuming, FileManager.default.fileExists(atPath: output) else { return }
    let schema = try readingResults([output]) {
      try HDF5File.open(output).root.attributes.value("schema")
    }
    guard case .string(AlignmentSeries.schema) = schema else {
      throw CommandFailure.usage(
        "\(output): is no series (expected the output of the run to go on with, or another --output)"
      )
    }
  }

  /// The file of rollouts for a manifest, if there is one.
  private func rolloutInput() throws -> Manifest.Input? {
    try rollouts.map { path in
      try Manifest.Input(role: "rollouts", path: InputCopy.path(of: path), name: path)
    }
  }
}
