// One run of `prerl thoughts`: reads, counts, compares, writes.
import Analysis
import Foundation
import ModelCore
import Runs
import Statistics
import StrictJSON
import Tasks

/// The steps of the command, in order.
struct ThoughtRun {
  let command: ThoughtsCommand
  private var common: CommonOptions { command.common }
  private var bootstrap: BootstrapT {
    BootstrapT(key: common.key.derive("bootstrap"), replicates: command.bootstrap)
  }

  func run() throws {
    try common.checkOutputs(
      [command.output, command.spans],
      inputs: [
        command.first, command.second, command.alignment, command.lexicon, command.compareLexicon,
      ])
    let start = Date()
    let checkpoint = try Checkpoint(common)
    let lexicon = try LexiconArgument.read(command.lexicon ?? defaultLexicon(checkpoint))
    var extras = ThoughtCounter.Extras()
    extras.keepsIDs = command.output != nil
    extras.other = try command.compareLexicon.map(LexiconArgument.read)
    extras.labels = try command.labelColumn.map {
      try LabelReader(path: command.first, key: $0, kindNames: lexicon.kindNames)
    }
    extras.alignment = try command.alignment.map { path in
      try readingResults([path]) { try AlignmentTokens(path) }
    }

    let first = try countFirst(lexicon, checkpoint, extras)
    let second = try command.second.map { path in
      var counter = ThoughtCounter(
        path: path, lexicon: lexicon, checkpoint: checkpoint, countsWords: command.words,
        clusters: first.clusters, extras: ThoughtCounter.Extras(keepsIDs: extras.keepsIDs))
      try count(&counter, checkpoint)
      guard counter.unit == first.unit else {
        throw CommandFailure.usage(
          "\(path): lengths in \(counter.unit?.rawValue ?? ""), those of \(first.path) in "
            + "\(first.unit?.rawValue ?? "") (expected one unit; --words counts words in both)")
      }
      return counter
    }
    try checkExtras(first)
    let result = result(lexicon, first, second)
    if let output = command.output {
      let file = ThoughtFile(result, attributes: try attributes(lexicon, checkpoint, start))
      try AtomicFile.publish(output, overwrite: common.overwrite) { try file.write(to: $0) }
    }
    let report = ThoughtReport(result)
    if common.json {
      var object = result.json.objectValue ?? JSONObject()
      object["verified"] = .integer(first.verifiedCount + (second?.verifiedCount ?? 0))
      object["unscored"] = .integer(first.unscoredCount + (second?.unscoredCount ?? 0))
      if first.unalignedCount > 0 { object["unaligned"] = .integer(first.unalignedCount) }
      try Console.print(JSON.object(object).text(indent: 2))
    } else {
      try Console.print(([report.text] + notes(first, second)).joined(separator: "\n"))
    }
  }

  // MARK: - Counting

  /// The embedded task's lexicon if the first prompt is one of its problems, else SEAL's.
  private func defaultLexicon(_ checkpoint: Checkpoint) throws -> String {
    var reader = try reader(command.first, checkpoint, limit: 1)
    guard let rollout = try reader.next() else { return "seal" }
    return CountdownProblem(prompt: rollout.promptTokens) == nil ? "seal" : "countdown"
  }

  private func countFirst(
    _ lexicon: ThoughtLexicon, _ checkpoint: Checkpoint, _ extras: ThoughtCounter.Extras
  ) throws -> ThoughtCounter {
    func counted(_ extras: ThoughtCounter.Extras) throws -> ThoughtCounter {
      var counter = ThoughtCounter(
        path: command.first, lexicon: lexicon, checkpoint: checkpoint, countsWords: command.words,
        extras: extras)
      try count(&counter, checkpoint)
      return counter
    }
    guard let spans = command.spans else { return try counted(extras) }
    var counter: ThoughtCounter?
    try AtomicFile.publish(spans, overwrite: common.overwrite) { path in
      var extras = extras
      let file = try LineFile(path)
      extras.spans = file
      counter = try counted(extras)
      try file.close()
    }
    guard let counter else { throw CommandFailure.machine("\(spans): nothing was written") }
    return counter
  }

  private func count(_ counter: inout ThoughtCounter, _ checkpoint: Checkpoint) throws {
    var reader = try reader(counter.path, checkpoint)
    let progress = ProgressBar(
      counter.path, total: common.quiet ? 0 : Self.lineCount(counter.path), unit: "rollouts",
      quiet: common.quiet)
    defer { progress.finish() }
    while let rollout = try reader.next() {
      try counter.add(rollout)
      progress.update(counter.table.responseCount)
      guard !Interruption.isRequested else {
        progress.finish()
        throw CommandFailure.interrupted(
          "interrupted after \(counter.table.responseCount) rollouts of \(counter.path) "
            + "(nothing was written)")
      }
    }
  }

  private func reader(
    _ path: String, _ checkpoint: Checkpoint, limit: Int? = nil
  ) throws -> RolloutReader {
    let tokenizer = common.model == nil ? nil : TextEncoder(checkpoint: checkpoint)
    return try RolloutReader(
      path: path, contents: try InputCopy.path(of: path),
      options: RolloutReader.Options(
        vocabularySize: ThoughtEncoder.vocabularySize, limit: limit,
        encoder: ThoughtEncoder(tokenizer: command.words ? nil : tokenizer)))
  }

  /// The number of lines of a file, for the progress; 0 if unknown.
  private static func lineCount(_ path: String) -> Int {
    guard let contents = try? InputCopy.path(of: path),
      let handle = FileHandle(forReadingAtPath: contents)
    else { return 0 }
    var count = 0
    while let data = try? handle.read(upToCount: 1 << 20), !data.isEmpty {
      count += [UInt8](data).count { $0 == UInt8(ascii: "\n") }
    }
    return count
  }

  // MARK: - Results

  /// Reports options that had nothing to apply to as errors.
  private func checkExtras(_ first: ThoughtCounter) throws {
    if let key = command.labelColumn, first.extras.labels?.labelledCount == 0 {
      throw CommandFailure.usage(
        "\(first.path): no line has the key \(key) (expected labels of its thoughts)")
    }
    if let path = command.alignment, first.tokens.responseCount == 0 {
      let reason =
        first.unalignedCount == 0
        ? "holds none of the rollouts of \(first.path) (expected the same ids)"
        : "none of its \(first.unalignedCount) responses is the text of \(first.path) in tokens "
          + "(expected --model with the tokenizer that made them)"
      throw CommandFailure.usage("\(path): \(reason)")
    }
  }

  private func result(
    _ lexicon: ThoughtLexicon, _ first: ThoughtCounter, _ second: ThoughtCounter?
  ) -> ThoughtResult {
    func source(_ counter: ThoughtCounter) -> ThoughtSource {
      ThoughtSource(
        path: counter.path, unit: counter.unit ?? .words, table: counter.table, ids: counter.ids,
        problemNames: counter.problems.names, clusterNames: counter.clusters.names,
        bootstrap: bootstrap)
    }
    var result = ThoughtResult(
      lexicon: lexicon, first: source(first), second: second.map(source), bootstrap: bootstrap)
    if let other = first.extras.other, let agreement = first.agreement {
      result.agreement = (other, agreement)
    }
    if first.extras.labels != nil {
      result.truth = (.labels, first.labelTruth)
    } else if first.moveTruth.hasMoves {
      result.truth = (.moves, first.moveTruth)
    }
    if let second, second.moveTruth.hasMoves { result.secondTruth = second.moveTruth }
    result.effects = first.effects.isEmpty ? nil : first.effects
    result.secondEffects = second.flatMap { $0.effects.isEmpty ? nil : $0.effects }
    if let path = command.alignment {
      result.tokens = (
        path, first.tokens.responseCount,
        ThoughtTokenStatistics.rows(first.tokens, bootstrap: bootstrap)
      )
    }
    return result
  }

  private func attributes(
    _ lexicon: ThoughtLexicon, _ checkpoint: Checkpoint, _ start: Date
  ) throws -> [(name: String, text: String)] {
    let inputs = [
      ("rollouts", command.first), ("rollouts", command.second), ("alignment", command.alignment),
    ].compactMap { role, path in path.map { (role, $0) } }
    var config: JSONObject = [
      "lexicon": lexicon.json, "bootstrap": .integer(command.bootstrap),
      "words": .bool(command.words),
    ]
    config["label_column"] = command.labelColumn.map(JSON.string)
    var manifest = Manifest(
      config: .object(config), version: Prerl.version,
      inputs: try inputs.map { role, path in
        try Manifest.Input(role: role, path: InputCopy.path(of: path), name: path)
      },
      seeds: ["seed": common.seed], precision: "float64", threads: 1, blas: BLAS.version,
      blasCore: BLAS.core, start: start)
    manifest.end = Date()
    return manifest.attributes
  }

  /// Notes below the tables.
  private func notes(_ first: ThoughtCounter, _ second: ThoughtCounter?) -> [String] {
    var notes: [String] = []
    for counter in [first, second].compactMap(\.self) {
      if counter.verifiedCount > 0 {
        notes.append("\(counter.path): \(counter.verifiedCount) rewards by the built-in verifier")
      }
      if counter.unscoredCount > 0 {
        notes.append(
          "\(counter.path): \(counter.unscoredCount) rollouts without reward or answer have no "
            + "part in accuracy")
      }
    }
    if let alignment = first.extras.alignment {
      let missing = alignment.count - first.tokens.responseCount - first.unalignedCount
      if missing > 0 {
        notes.append("\(alignment.path): \(missing) of its rollouts are not in \(first.path)")
      }
      if first.unalignedCount > 0 {
        notes.append(
          "\(alignment.path): \(first.unalignedCount) responses differ from their texts and were "
            + "left out")
      }
    }
    return notes.isEmpty ? [] : [""] + notes
  }
}
