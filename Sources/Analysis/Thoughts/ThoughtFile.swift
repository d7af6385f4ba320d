// The result file of the thought counter: its groups and attributes.
import HDF5
import Runs
import StrictJSON
import Tables

/// How thought counts become an HDF5 file (schema `prerl.thoughts`, version 1).
///
/// `/first` and, with a second file, `/second` have the groups `kinds`, `strata` and `samples`.
/// `/fold_change`, `/agreement`, `/truth`, `/second_truth` and `/alignment` exist if they were
/// asked for, `/effects` and `/second_effects` where thoughts have an answer before them. Every group has the scale `kind` and the names `kind_name`.
public struct ThoughtFile: Sendable {
  /// The value of the attribute `schema`.
  public static let schema = "prerl.thoughts"
  /// The value of the attribute `schema_version`.
  public static let schemaVersion = 1

  /// The result to write.
  public var result: ThoughtResult
  /// Provenance, such as `Manifest.attributes`.
  public var attributes: [(name: String, text: String)]

  /// A file of a result.
  public init(_ result: ThoughtResult, attributes: [(name: String, text: String)] = []) {
    self.result = result
    self.attributes = attributes
  }

  /// Writes the file, durable when the call returns; `AtomicFile.publish` gives the path.
  public func write(to path: String) throws {
    let file = try HDF5File.create(path)
    let root = try file.root
    try writeAttributes(root)
    try root.write(group)
    try file.close()
  }

  /// All groups; those of comparisons exist where something was compared.
  private var group: VariableGroup {
    let lexicon = result.lexicon
    let (first, changes) = (result.first, result.changes)
    var root = VariableGroup(groups: [("first", { first.group(lexicon) })])
    if let second = result.second {
      root.groups.append(("second", { second.group(lexicon) }))
      root.groups.append(
        ("fold_change", { ThoughtFoldChange.group(changes, lexicon, unit: first.unit) }))
    }
    if let (other, agreement) = result.agreement {
      root.groups.append(("agreement", { agreement.group(lexicon, other) }))
    }
    if let truth = result.truth?.result {
      root.groups.append(("truth", { truth.group(lexicon) }))
    }
    if let truth = result.secondTruth {
      root.groups.append(("second_truth", { truth.group(lexicon) }))
    }
    if let effects = result.effects { root.groups.append(("effects", { effects.group(lexicon) })) }
    if let effects = result.secondEffects {
      root.groups.append(("second_effects", { effects.group(lexicon) }))
    }
    if let rows = result.tokens?.rows {
      root.groups.append(("alignment", { ThoughtTokenStatistics.group(rows, lexicon) }))
    }
    return root
  }

  private func writeAttributes(_ root: HDF5Group) throws {
    let target = root.attributes
    try root.writeHeader(
      schema: Self.schema, version: Self.schemaVersion,
      title: "Thoughts counted by the lexicon \(result.lexicon.name)", mainGroup: "first",
      provenance: attributes, references: result.lexicon.source)
    try target.set("tokens", to: result.first.unit.rawValue)
    try target.set("lexicon", to: storable(result.lexicon.json.text()))
    try target.set("lexicon_sha256", to: Manifest.hash(of: result.lexicon.json))
    if let other = result.agreement?.lexicon {
      try target.set("compared_lexicon", to: storable(other.json.text()))
    }
    if let truth = result.truth { try target.set("truth", to: truth.source.rawValue) }
  }
}
