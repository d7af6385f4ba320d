// Joins the shards of one alignment run. Every dataset has the same bits as in the undivided run.
import HDF5
import Runs
import StrictJSON

/// Joining result files.
public enum AlignmentMerge {
  /// Keys of a configuration that do not affect any number.
  static let freeKeys = ["shard", "threads"]

  /// Checks that the parts belong together and writes them as one file.
  ///
  /// Every part must be complete, and together they must hold each rollout of the run exactly once.
  /// Statistics are computed again. Provenance is that of the first part, with the history of every
  /// part.
  ///
  /// - Parameters:
  ///   - parts: Paths, in any order.
  ///   - path: Where to write; `AtomicFile.publish` gives it.
  ///   - history: A line about the joining itself, such as time and command.
  /// - Throws: `OutputError` that names the part and what is wrong with it or missing.
  @discardableResult
  public static func write(
    _ parts: [String], to path: String, history: String = ""
  ) throws -> AlignmentSummary {
    var opened: [AlignmentPart] = []
    for part in parts { opened.append(try AlignmentPart(part)) }
    opened.sort {
      ($0.samples.lowerBound, $0.samples.upperBound)
        < ($1.samples.lowerBound, $1.samples.upperBound)
    }
    guard let first = opened.first(where: { $0.shard == nil || $0.shard?.index == 0 }) else {
      throw OutputError.usage(
        parts.first ?? "merge", "no part has the first rollouts (expected shard 0 among them)")
    }
    for part in opened {
      guard part.isComplete else {
        throw OutputError.usage(
          part.path, "unfinished, with \(part.samples.count) rollouts (expected a complete part)")
      }
      try check(part, belongsTo: first)
    }
    try checkCoverage(opened)

    let plan = AlignmentPlan(
      rollouts: opened.flatMap(\.rollouts), options: first.options, vocabularySize: 0)
    let file = AlignmentFile(
      plan: plan, groups: first.groups, precision: first.precision, isComplete: true,
      attributes: try attributes(of: first),
      history: (opened.map(\.history) + [history]).filter { !$0.isEmpty }
        .joined(separator: "\n"))
    let holders = try opened.filter { try $0.root.contains("gradients") }
    func row(_ index: Int) throws -> AlignmentRow {
      guard let part = opened.first(where: { $0.samples.contains(index) }) else {
        preconditionFailure("the parts cover every rollout")
      }
      return try part.row(index, plan)
    }
    let results = try AlignmentResults(
      plan, samples: 0..<first.total, collection: try first.collection(plan), row: row)
    try file.write(
      results, to: path, row: row,
      gradients: holders.isEmpty
        ? nil
        : { target in
          for part in holders { try part.root.group("gradients").copyMembers(to: target) }
        })
    return results.summary
  }

  // MARK: - Checks

  private static func check(_ part: AlignmentPart, belongsTo first: AlignmentPart) throws {
    func refuse(_ what: String, _ found: String, _ expected: String) -> OutputError {
      .usage(
        part.path, "another run than \(first.path): \(what) is \(found) (expected \(expected))")
    }
    let (config, firstConfig) = try (config(of: part), config(of: first))
    if let difference = JSONDifference.first(config, firstConfig, path: "config") {
      throw refuse(difference.path, difference.first, difference.second)
    }
    if let difference = JSONDifference.first(
      part.options.json, first.options.json, path: "options")
    {
      throw refuse(difference.path, difference.first, difference.second)
    }
    let (inputs, firstInputs) = try (inputs(of: part), inputs(of: first))
    for role in (inputs + firstInputs).map(\.role) {
      let hash = inputs.filter { $0.role == role }.map(\.hash)
      let expected = firstInputs.filter { $0.role == role }.map(\.hash)
      if hash != expected {
        throw refuse(
          "the hash of the \(role)", hash.joined(separator: ", "),
          expected.joined(separator: ", "))
      }
    }
    guard part.precision == first.precision else {
      throw refuse("the precision", part.precision.rawValue, first.precision.rawValue)
    }
    guard part.total == first.total else {
      throw refuse("the number of rollouts", "\(part.total)", "\(first.total)")
    }
    guard part.groups == first.groups else {
      throw refuse(
        "the list of parameter groups", "one of \(part.groups.count)", "its \(first.groups.count)")
    }
  }

  private static func checkCoverage(_ parts: [AlignmentPart]) throws {
    var end = 0
    var previous: AlignmentPart?
    for part in parts {
      let start = part.samples.lowerBound
      if start > end { throw missing(end..<start, beside: part) }
      if start < end, let previous {
        throw OutputError.usage(
          part.path,
          "holds rollouts from \(start) on, as \(previous.path) does (expected from \(end) on)")
      }
      end = part.samples.upperBound
      previous = part
    }
    if let previous, end < previous.total {
      throw missing(end..<previous.total, beside: previous)
    }
  }

  private static func missing(_ range: Range<Int>, beside part: AlignmentPart) -> OutputError {
    let shards = part.shard.map { shard in
      (0..<shard.count).compactMap { Shard(index: $0, count: shard.count) }
        .filter { $0.range(of: part.total).overlaps(range) }
    }
    let names = (shards ?? []).map { "shard \($0)" }.joined(separator: ", ")
    return .usage(
      part.path,
      "no part has the rollouts \(range.lowerBound)..<\(range.upperBound) of \(part.total) "
        + "(expected \(names.isEmpty ? "a part with them" : names))")
  }

  // MARK: - Provenance

  private static func text(_ name: String, of part: AlignmentPart) -> String? {
    part.attributes.first { $0.name == name }?.text
  }

  private static func json(_ name: String, of part: AlignmentPart) throws -> JSON {
    guard let text = text(name, of: part), let json = try? JSON.parse(text) else {
      throw OutputError.usage(part.path, "the attribute \(name) is missing (expected JSON)")
    }
    return json
  }

  /// The configuration without the keys that do not affect any number.
  private static func config(of part: AlignmentPart) throws -> JSON {
    let json = try json("config", of: part)
    guard var object = json.objectValue else { return json }
    for key in freeKeys { object[key] = nil }
    return .object(object)
  }

  private static func inputs(
    of part: AlignmentPart
  ) throws -> [(role: String, hash: String)] {
    (try json("inputs", of: part).arrayValue ?? []).map { input in
      let object = input.objectValue
      return (
        object?["role"]?.stringValue ?? "input", object?["sha256"]?.stringValue ?? "unknown"
      )
    }
  }

  /// The attributes of the first part, with the configuration of the undivided run.
  private static func attributes(
    of part: AlignmentPart
  ) throws -> [(name: String, text: String)] {
    var config = try json("config", of: part)
    if var object = config.objectValue, object["shard"] != nil {
      object["shard"] = .null
      config = .object(object)
    }
    return part.attributes.map { name, text in
      switch name {
      case "config": (name, config.text())
      case "config_sha256": (name, Manifest.hash(of: config))
      default: (name, text)
      }
    }
  }
}
