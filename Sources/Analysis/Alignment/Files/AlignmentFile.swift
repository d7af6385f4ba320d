// The result file of an alignment run: what it holds and the order in which it is written.
//
// Datasets depend on nothing but the results; where and when a run took place is in attributes. The
// records are read once, in order, and leave memory again: what stays is the scalars of each rollout,
// from which the summary is computed.
import HDF5
import ModelCore
import Runs
import StrictJSON
import Tables

/// How a run's results become an HDF5 file (schema `prerl.alignment`, version 1).
public struct AlignmentFile: Sendable {
  public static let schema = "prerl.alignment"
  public static let schemaVersion = 1

  /// The plan of the whole run, also for a shard.
  public var plan: AlignmentPlan
  /// The model's parameter groups, in the order of the products.
  public var groups: [ParameterLayout.Group]
  public var precision: Precision
  /// The rollouts that the file holds.
  public var samples: Range<Int>
  /// Which part of the run it is, if it is a part.
  public var shard: Shard?
  /// Whether the run ended, as opposed to being interrupted.
  public var isComplete: Bool
  /// Provenance, such as `Manifest.attributes`; `config` is the configuration as JSON text.
  public var attributes: [(name: String, text: String)]
  /// When and how the file came about, one line a step.
  public var history: String

  /// - Parameter history: nil takes it from the attributes `start_utc` and `argv`.
  public init(
    plan: AlignmentPlan, groups: [ParameterLayout.Group], precision: Precision, samples: Range<Int>,
    shard: Shard? = nil, isComplete: Bool, attributes: [(name: String, text: String)],
    history: String? = nil
  ) {
    self.plan = plan
    self.groups = groups
    self.precision = precision
    self.samples = samples
    self.shard = shard
    self.isComplete = isComplete
    self.attributes = attributes
    self.history = history ?? Self.history(attributes)
  }

  /// Writes the file, durable when the call returns; `AtomicFile.publish` gives the path.
  ///
  /// - Parameters:
  ///   - fileControls: What the plan wants of all rollouts; none in an unfinished file and in
  ///     shards after the first.
  ///   - record: The results of a rollout of `samples`; called once for each, in order.
  ///   - gradients: Fills the group `/gradients`, if gradients are kept.
  /// - Returns: The statistics that `/summary` holds.
  @discardableResult
  public func write(
    to path: String, fileControls: FileControls = FileControls(),
    record: (Int) throws -> SampleAlignment, gradients: ((HDF5Group) throws -> Void)? = nil
  ) throws -> AlignmentSummary {
    let reduction = plan.options.reduction
    return try write(
      to: path, fileControls: fileControls,
      row: { index in
        let sample = try record(index)
        return AlignmentRow(sample: sample, main: sample.pair.summary(reduction))
      }, gradients: gradients)
  }

  /// The same, from rows whose totals are known.
  func write(
    to path: String, fileControls: FileControls, row: (Int) throws -> AlignmentRow,
    gradients: ((HDF5Group) throws -> Void)?
  ) throws -> AlignmentSummary {
    precondition(
      samples.lowerBound >= 0 && samples.upperBound <= plan.rollouts.count,
      "a file holds rollouts of its plan")
    let file = try HDF5File.create(path)
    let root = try file.root
    try writeAttributes(root)
    // Created in the order in which readers list them; filled when all rows have been seen.
    let samplesGroup = try root.createGroup("samples")
    let sample = try writeRollouts(samplesGroup)
    try writePrompts(root.createGroup("prompts"))
    let (main, columns) =
      switch precision {
      case .float32: try writeRows(root, sample, Float.self, row)
      case .float64: try writeRows(root, sample, Double.self, row)
      }
    try writePairs(samplesGroup, main, title: "Gradients of log P(y) and log P(y|x)")
    try writeControls(root, rollouts: samplesGroup, columns)
    try writeFileControls(root, fileControls)
    let summary = AlignmentSummary(
      plan: plan, start: samples.lowerBound, main: main, columns: columns,
      fileControls: fileControls)
    try SummaryTree(summary, plan).write(root.createGroup("summary"))
    if let gradients { try gradients(root.createGroup("gradients")) }
    try file.close()
    return summary
  }

  // MARK: - Attributes

  private func writeAttributes(_ root: HDF5Group) throws {
    let target = root.attributes
    for (name, text) in attributes { try target.set(name, to: storable(text)) }
    try target.set("schema", to: Self.schema)
    try target.set("schema_version", to: Self.schemaVersion)
    try target.set("complete", to: isComplete ? 1 : 0)
    try target.set("NX_class", to: "NXroot")
    try target.set("default", to: "samples")
    try target.set("title", to: "Alignment of the gradients of log P(y) and log P(y|x)")
    try target.set("history", to: storable(history))
    try target.set(
      "references",
      to: "From P(y|x) to P(y): Investigating Reinforcement Learning in Pre-train Space, "
        + "arXiv:2604.14142")
    try target.set("precision", to: precision.rawValue)
    try target.set("options", to: storable(plan.options.json.text()))
    try target.set("sample_start", to: samples.lowerBound)
    try target.set("sample_total", to: plan.rollouts.count)
    if let shard { try target.set("shard", to: shard.description) }
  }

  private static func history(_ attributes: [(name: String, text: String)]) -> String {
    func text(_ name: String) -> String? { attributes.first { $0.name == name }?.text }
    let arguments = text("argv").flatMap { try? JSON.parse($0) }?.arrayValue ?? []
    let command = arguments.compactMap(\.stringValue).joined(separator: " ")
    return [text("start_utc"), command].compactMap { $0 }.filter { !$0.isEmpty }
      .joined(separator: ": ")
  }
}

/// A rollout's results with the totals of its main pair.
struct AlignmentRow {
  let sample: SampleAlignment
  let main: PairSummary
}
