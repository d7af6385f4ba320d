// Reads a result file, its rollouts and their results, to join shards.
import HDF5
import ModelCore
import Runs
import StrictJSON
import Tables
import Tasks

/// An alignment result file, open for reading. Rows are read in blocks; ask for them in order.
final class AlignmentPart {
  let path: String
  let root: HDF5Group
  let options: AlignmentOptions
  let precision: Precision
  let isComplete: Bool
  let shard: Shard?
  /// The rollouts that the file holds, of `total`.
  let samples: Range<Int>
  let total: Int
  let groups: [ParameterLayout.Group]
  let rollouts: [Rollout]
  /// Provenance: texts that say where and how the file was made.
  let attributes: [(name: String, text: String)]
  let history: String

  private let tokenOffsets: [Int]
  private var rows: Rows?

  /// Opens a file and reads everything but its rows.
  init(_ path: String) throws {
    self.path = path
    let root = try HDF5File.open(path).root
    self.root = root
    let fields = try Attributes(root, path)
    guard try fields.text("schema") == AlignmentFile.schema else {
      throw OutputError.usage(path, "no alignment result (expected one that prerl align wrote)")
    }
    let version = try fields.integer("schema_version")
    guard version == AlignmentFile.schemaVersion else {
      throw OutputError.usage(
        path, "schema version \(version) (expected \(AlignmentFile.schemaVersion))")
    }
    isComplete = try fields.integer("complete") == 1
    total = try fields.integer("sample_total")
    let start = try fields.integer("sample_start")
    guard let precision = Precision(rawValue: try fields.text("precision")) else {
      throw OutputError.usage(path, "an unknown precision (expected float32 or float64)")
    }
    self.precision = precision
    do {
      options = try AlignmentOptions(json: JSON.parse(try fields.text("options")))
    } catch let error as JSONValueError {
      throw OutputError.usage(path, "the attribute options is damaged: \(error)")
    } catch is JSONError {
      throw OutputError.usage(path, "the attribute options is damaged (expected JSON)")
    }
    shard = try fields.optionalText("shard").flatMap { Shard($0) }
    attributes = try fields.provenance()
    history = try fields.optionalText("history") ?? ""

    let (prompts, _) = try Self.ragged(root, "prompts", offsets: "prompt_offset", path)
    let (responses, offsets) = try Self.ragged(root, "tokens", offsets: "sample_offset", path)
    tokenOffsets = offsets
    let count = responses.count
    func column<Element: HDF5Element>(_ name: String, _: Element.Type) throws -> [Element] {
      let dataset = try root.dataset("samples/\(name)")
      guard try dataset.shape == [count] else {
        throw OutputError.usage(
          path, "samples/\(name) has shape \(try dataset.shape) (expected [\(count)])")
      }
      return try dataset.read(Element.self)
    }
    let (end, overflow) = start.addingReportingOverflow(count)
    guard start >= 0, !overflow, end <= total, prompts.count == count,
      try column("sample", Int.self).elementsEqual(start..<end)
    else {
      throw OutputError.usage(
        path, "\(count) rollouts from \(start) on (expected some of \(total), in order)")
    }
    samples = start..<end
    let ids = try column("id", String.self)
    let problems = try column("problem_id", String.self)
    let clusters = try column("cluster", String.self)
    let rewards = try column("reward", Double.self)
    rollouts = (0..<count).map { row in
      Rollout(
        id: ids[row], problemID: problems[row], cluster: clusters[row],
        promptTokens: prompts[row], responseTokens: responses[row],
        reward: rewards[row].isNaN ? nil : rewards[row])
    }
    groups = try Self.groups(root, path)
  }

  private static func groups(_ root: HDF5Group, _ path: String) throws -> [ParameterLayout.Group] {
    let layers = try root.dataset("groups/layer").read(Int.self)
    let modules = try root.dataset("groups/module").read(String.self)
    guard layers.count == modules.count else {
      throw OutputError.usage(path, "\(modules.count) modules for \(layers.count) groups")
    }
    return zip(layers, modules).map { ParameterLayout.Group(layer: $0, module: $1) }
  }

  /// The token lists of a group, and their offsets.
  private static func ragged(
    _ root: HDF5Group, _ name: String, offsets: String, _ path: String
  ) throws -> (lists: [[Int32]], offsets: [Int]) {
    let tokens = try root.dataset("\(name)/token_id").read(Int32.self)
    let offsets = try root.dataset("\(name)/\(offsets)").read(Int.self)
    guard offsets.first == 0, offsets.last == tokens.count,
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else {
      throw OutputError.usage(path, "\(name): the offsets are not those of \(tokens.count) tokens")
    }
    return (zip(offsets, offsets.dropFirst()).map { Array(tokens[$0..<$1]) }, offsets)
  }

  // MARK: - Results

  /// Datasets with one row per rollout or per token.
  private struct Rows {
    let main: [BlockReader]
    let entries: [[BlockReader]]
    let groups: [BlockReader]
    let tokens: [BlockReader]
  }

  /// The results of a rollout of `samples`; the plan is that of the whole run.
  func row(_ index: Int, _ plan: AlignmentPlan) throws -> AlignmentRow {
    let rows = try rows ?? openRows(plan)
    self.rows = rows
    let row = index - samples.lowerBound
    func pair(_ readers: [BlockReader]) throws -> PairSummary {
      try PairSummary(stored: readers.flatMap { try $0.values(row..<row + 1) }) ?? .undefined
    }
    var measurement = PairMeasurement(scoredCount: 0)
    func fill(
      _ columns: [Column<PairMeasurement, [Double]>], _ readers: [BlockReader], _ range: Range<Int>
    ) throws {
      for (column, reader) in zip(columns, readers) {
        if let path = column.path { measurement[keyPath: path] = Array(try reader.values(range)) }
      }
    }
    try fill(PairMeasurement.groupColumns, rows.groups, row..<row + 1)
    try fill(
      PairMeasurement.tokenColumns(options), rows.tokens,
      tokenOffsets[row]..<tokenOffsets[row + 1])
    measurement.scoredCount = measurement.logMarginal.count { !$0.isNaN }
    return AlignmentRow(
      sample: SampleAlignment(
        index: index, pair: measurement, controls: try rows.entries.map(pair)),
      main: try pair(rows.main))
  }

  private func openRows(_ plan: AlignmentPlan) throws -> Rows {
    func readers(_ group: String, _ names: [String], _ shape: [Int]) throws -> [BlockReader] {
      try names.map { try BlockReader(root.dataset("\(group)/\($0)"), shape, path) }
    }
    let pairNames = PairSummary.storedColumns.map(\.name)
    return Rows(
      main: try readers("samples", pairNames, [samples.count]),
      entries: try plan.entries.map { entry in
        try readers(
          "controls/" + entry.path.joined(separator: "/"), pairNames, [samples.count])
      },
      groups: try readers(
        "groups", PairMeasurement.groupColumns.map(\.name), [samples.count, groups.count]),
      tokens: try readers(
        "tokens", PairMeasurement.tokenColumns(options).map(\.name),
        [tokenOffsets[samples.count]]))
  }

  /// The results of the plan's controls over all rollouts.
  func collection(_ plan: AlignmentPlan) throws -> CollectionResults {
    CollectionResults(
      try plan.collectionControls.map { control in
        let name = type(of: control).name
        guard try root.contains("controls/\(name)") else {
          throw OutputError.usage(path, "the control \(name) is missing")
        }
        do {
          let stored = StoredValues(try root.group("controls/\(name)"))
          return (name, try control.result(stored, plan))
        } catch let fault as StoredValues.Fault {
          throw OutputError.usage(path, "controls/\(name): \(fault)")
        }
      })
  }
}

/// Reads rows of a dataset of numbers in order, a block at a time.
private final class BlockReader {
  private let dataset: HDF5Dataset
  private let width: Int
  private let count: Int
  private var block: [Double] = []
  private var blockRows = 0..<0
  private static let blockSize = 1 << 14

  init(_ dataset: HDF5Dataset, _ shape: [Int], _ path: String) throws {
    guard try dataset.shape == shape else {
      throw OutputError.usage(
        path, "\(dataset.path) has shape \(try dataset.shape) (expected \(shape))")
    }
    self.dataset = dataset
    width = shape.dropFirst().reduce(1, *)
    count = shape[0]
  }

  func values(_ rows: Range<Int>) throws -> ArraySlice<Double> {
    if rows.lowerBound < blockRows.lowerBound || rows.upperBound > blockRows.upperBound {
      let end = max(rows.upperBound, rows.lowerBound + max(1, Self.blockSize / max(1, width)))
      blockRows = rows.lowerBound..<min(count, end)
      block = try dataset.read(Double.self, rows: blockRows)
    }
    let start = (rows.lowerBound - blockRows.lowerBound) * width
    return block[start..<start + rows.count * width]
  }
}

/// The attributes of a result file's root.
private struct Attributes {
  private let attributes: HDF5Attributes
  private let path: String

  init(_ root: HDF5Group, _ path: String) throws {
    attributes = root.attributes
    self.path = path
  }

  func optionalText(_ name: String) throws -> String? {
    guard try attributes.contains(name) else { return nil }
    guard case .string(let text) = try attributes.value(name) else {
      throw OutputError.usage(path, "the attribute \(name) is no text")
    }
    return text
  }

  func text(_ name: String) throws -> String {
    guard let text = try optionalText(name) else {
      throw OutputError.usage(path, "the attribute \(name) is missing (expected a text)")
    }
    return text
  }

  func integer(_ name: String) throws -> Int {
    guard try attributes.contains(name), case .integer(let number) = try attributes.value(name)
    else { throw OutputError.usage(path, "the attribute \(name) is missing (expected an integer)") }
    return Int(number)
  }

  /// All text attributes except those that the writer sets itself.
  func provenance() throws -> [(name: String, text: String)] {
    let own = [
      "schema", "NX_class", "default", "title", "history", "references", "precision", "options",
      "shard",
    ]
    var texts: [(name: String, text: String)] = []
    for name in try attributes.names() where !own.contains(name) {
      if case .string(let text) = try attributes.value(name) { texts.append((name, text)) }
    }
    return texts
  }
}
