// Alignment along a series of checkpoints: several results of the same rollouts as one file.
import HDF5
import Runs
import Statistics
import StrictJSON
import Tables

/// How the alignment of the same rollouts changes from checkpoint to checkpoint.
///
/// Intervals of a checkpoint are those of its own result. Differences, between checkpoints and between the main pair and
/// a control, are paired by rollout.
public struct AlignmentSeries: Sendable {
  /// A checkpoint's result file.
  public struct Part: Sendable {
    /// Its place in training.
    public let step: Int
    public let name: String
    /// The alignment file.
    public let path: String

    public init(step: Int, name: String, path: String) {
      self.step = step
      self.name = name
      self.path = path
    }
  }

  /// One pair of gradients, the main one or a control's, at every checkpoint.
  struct Entry: Sendable {
    let label: String
    /// Its group in the series, below the root.
    let path: [String]
    /// The numbers of each quantity: of each checkpoint, of each rollout.
    var values: [String: [[Double]]]
  }

  public let parts: [Part]
  let identifiers: [String]
  let clusters: [String]
  let entries: [Entry]
  private let bootstrap: BootstrapT

  /// What is read of each pair.
  private static let quantities = PairSummary.columns.filter {
    ["cosine", "inner_product", "logp_gap", "logp_conditional"].contains($0.name)
  }

  /// Reads finished results.
  ///
  /// - Parameters:
  ///   - parts: By step; all of the plan's rollouts and controls.
  ///   - bootstrap: Of the intervals.
  /// - Throws: `OutputError` where a file holds other rollouts; `HDF5Error` for a damaged one.
  public init(_ plan: AlignmentPlan, _ parts: [Part], bootstrap: BootstrapT) throws {
    precondition(!parts.isEmpty, "a series of nothing")
    self.parts = parts
    self.bootstrap = bootstrap
    identifiers = plan.rollouts.map(\.id)
    clusters = plan.rollouts.map(\.cluster)
    var entries = [Entry(label: "log P(y) with log P(y|x)", path: ["main"], values: [:])]
    entries += plan.entries.map {
      Entry(label: $0.label, path: ["controls"] + $0.path, values: [:])
    }
    for part in parts {
      let root = try HDF5File.open(part.path).root
      let found: [String] = try root.dataset("samples/id").read()
      guard found == identifiers.map(storable) else {
        throw OutputError.usage(
          part.path, "holds other rollouts (expected those of the series, in their order)")
      }
      for place in entries.indices {
        let group = place == 0 ? "samples" : entries[place].path.joined(separator: "/")
        for column in Self.quantities {
          let values: [Double] = try root.dataset("\(group)/\(column.name)").read()
          entries[place].values[column.name, default: []].append(values)
        }
      }
    }
    self.entries = entries
  }

  // MARK: - Statistics

  private func sample(_ values: [Double]) -> ClusteredSample {
    // Names are compared by bytes: String's == is canonical equivalence.
    ClusteredSample(values, clusters: clusters.map { Array($0.utf8) })
  }

  private func mean(_ values: [Double]) -> Interval { sample(values).mean(bootstrap) }

  /// The mean of a quantity at each checkpoint.
  private func means(_ entry: Entry, _ quantity: String) -> [Interval] {
    (entry.values[quantity] ?? []).map {
      quantity == "cosine" ? mean($0).within(-1...1) : mean($0)
    }
  }

  /// The fraction of rollouts with a negative inner product, of those to which the pair applies.
  private func negativeFractions(_ entry: Entry) -> [Interval] {
    (entry.values["inner_product"] ?? []).map { values in
      sample(values.map { $0.isNaN ? .nan : $0 < 0 ? 1 : 0 }).fraction()
    }
  }

  /// Means of differences of cosines, paired by rollout.
  private func differences(_ first: [[Double]], _ second: [[Double]]) -> [Interval] {
    zip(first, second).map { first, second in mean(zip(first, second).map { $0 - $1 }) }
  }

  private func cosines(_ entry: Entry) -> [[Double]] { entry.values["cosine"] ?? [] }

  /// The cosine at each checkpoint less that at the last one.
  private func changes(_ entry: Entry) -> [Interval] {
    let cosines = cosines(entry)
    guard let last = cosines.last else { return [] }
    return differences(cosines, cosines.map { _ in last })
  }

  /// The main pair's cosine less a control's, at each checkpoint.
  private func leads(over entry: Entry) -> [Interval] {
    differences(cosines(entries[0]), cosines(entry))
  }
}

// MARK: - The file

extension AlignmentSeries {
  public static let schema = "prerl.series"
  public static let schemaVersion = 1

  private var axis: Axis { Axis("checkpoint", "step of training", .integers(parts.map(\.step))) }

  private func group(of entry: Entry, isMain: Bool) -> VariableGroup {
    var variables = Self.quantities.map { column in
      Variable(column.name, units: column.units, "mean " + column.longName, over: ["checkpoint"]) {
        .intervals(means(entry, column.name))
      }
    }
    variables.append(
      Variable(
        "fraction_negative", "fraction of rollouts whose inner product is below 0",
        over: ["checkpoint"]
      ) { .intervals(negativeFractions(entry)) })
    variables.append(
      Variable(
        "cosine_less_last", "mean cosine less that at the last checkpoint, paired by rollout",
        over: ["checkpoint"]
      ) { .intervals(changes(entry)) })
    if !isMain {
      variables.append(
        Variable(
          "main_less_control", "mean cosine of log P(y) less this control's, paired by rollout",
          over: ["checkpoint"]
        ) { .intervals(leads(over: entry)) })
    }
    return VariableGroup(
      axes: [axis], variables: variables,
      plot: .init(signal: "cosine", over: ["checkpoint"], title: entry.label))
  }

  /// Writes the file, durable when the call returns; `AtomicFile.publish` gives the path.
  ///
  /// - Parameter attributes: Provenance, such as `Manifest.attributes`.
  public func write(to path: String, attributes: [(name: String, text: String)]) throws {
    let file = try HDF5File.create(path)
    let root = try file.root
    try root.writeHeader(
      schema: Self.schema, version: Self.schemaVersion,
      title: "Alignment along a series of checkpoints", mainGroup: "main",
      provenance: attributes, references: preTrainSpacePaper)
    let names = parts.map(\.name)
    try root.createGroup("checkpoints").write(
      VariableGroup(
        axes: [axis],
        variables: [
          Variable("name", "folder of the checkpoint", over: ["checkpoint"]) { .texts(names) }
        ]))
    for (place, entry) in entries.enumerated() {
      try root.createGroup(entry.path.joined(separator: "/"))
        .write(group(of: entry, isMain: place == 0))
    }
    let (identifiers, clusters, rows) = (identifiers, clusters, cosines(entries[0]))
    try root.createGroup("samples").write(
      VariableGroup(
        axes: [axis, Axis("sample", "rollout", .count(identifiers.count))],
        variables: [
          Variable("id", "identifier of the rollout", over: ["sample"]) { .texts(identifiers) },
          Variable("cluster", "independent unit", over: ["sample"]) { .texts(clusters) },
          Variable(
            "cosine", "cosine of the two gradients", over: ["checkpoint", "sample"]
          ) { .reals(rows.flatMap(\.self)) },
        ]))
    try file.close()
  }

  /// An object for each checkpoint: the main pair's quantities and, under the controls' names, their cosines.
  public var json: JSON {
    let main = Self.quantities.map { ($0.name, means(entries[0], $0.name)) }
    let changes = changes(entries[0])
    let controls = entries.dropFirst().map { ($0.label, means($0, "cosine"), leads(over: $0)) }
    return .array(
      parts.indices.map { place in
        var object: JSONObject = [
          "checkpoint": .integer(parts[place].step), "name": .string(parts[place].name),
        ]
        for (name, intervals) in main {
          for (key, value) in intervals[place].members(name, ends: true) { object[key] = value }
        }
        for (key, value) in changes[place].members("cosine_less_last", ends: true) {
          object[key] = value
        }
        var own: JSONObject = [:]
        for (label, cosines, leads) in controls {
          var entry: JSONObject = [:]
          for (key, value) in cosines[place].members("cosine", ends: true) { entry[key] = value }
          for (key, value) in leads[place].members("main_less_control", ends: true) {
            entry[key] = value
          }
          own[label] = .object(entry)
        }
        object["controls"] = .object(own)
        return .object(object)
      })
  }

  /// A row for each checkpoint, a column for each control.
  public var text: String {
    let controls = entries.dropFirst()
    var table = TextTable(
      ["checkpoint", "cosine", "95% interval", "less the last"] + controls.map(\.label))
    let main = means(entries[0], "cosine")
    let changes = changes(entries[0])
    let others = controls.map { means($0, "cosine") }
    for place in parts.indices {
      table.add(
        [
          String(parts[place].step), fixed(main[place].estimate, 2), main[place].ends(2),
          changes[place].ends(2),
        ] + others.map { fixed($0[place].estimate, 2) })
    }
    return table.text
  }
}
