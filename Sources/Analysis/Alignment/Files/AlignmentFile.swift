// The result file of an alignment run: its contents and the order in which they are written.
//
// Datasets depend only on the results; attributes record where and when a run took place. Rows of
// groups and tokens are read in order and written at once, so they do not stay in memory.
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
  /// The part of the run, if the file is one part of several.
  public var shard: Shard?
  /// Whether the run ended, as opposed to being interrupted.
  public var isComplete: Bool
  /// Provenance, such as `Manifest.attributes`; `config` is the configuration as JSON text.
  public var attributes: [(name: String, text: String)]
  /// When and how the file was made, one line per step.
  public var history: String

  /// - Parameter history: nil takes it from the attributes `start_utc` and `argv`.
  public init(
    plan: AlignmentPlan, groups: [ParameterLayout.Group], precision: Precision,
    shard: Shard? = nil, isComplete: Bool, attributes: [(name: String, text: String)],
    history: String? = nil
  ) {
    self.plan = plan
    self.groups = groups
    self.precision = precision
    self.shard = shard
    self.isComplete = isComplete
    self.attributes = attributes
    self.history = history ?? historyLine(of: attributes)
  }

  /// Writes the file, durable when the call returns; `AtomicFile.publish` gives the path.
  ///
  /// - Parameters:
  ///   - row: The results of a rollout; called once for each of `results.samples`, in order.
  ///   - gradients: Fills the group `/gradients`, if gradients are kept.
  public func write(
    _ results: AlignmentResults, to path: String, row: (Int) throws -> AlignmentRow,
    gradients: ((HDF5Group) throws -> Void)? = nil
  ) throws {
    let samples = results.samples
    precondition(
      samples.lowerBound >= 0 && samples.upperBound <= plan.rollouts.count,
      "a file holds rollouts of its plan")
    let file = try HDF5File.create(path)
    let root = try file.root
    try writeAttributes(root, samples)
    // Created in the order in which readers list them; filled when all rows have been seen.
    let samplesGroup = try root.createGroup("samples")
    let sample = try writeRollouts(samplesGroup, samples)
    try writePrompts(root.createGroup("prompts"), samples)
    switch precision {
    case .float32: try writeRows(root, sample, samples, Float.self, row)
    case .float64: try writeRows(root, sample, samples, Double.self, row)
    }
    try writePairs(samplesGroup, results.main, title: "Gradients of log P(y) and log P(y|x)")
    try writeControls(root, rollouts: samplesGroup, results.entries)
    for (control, result) in results.collection.results {
      try root.createGroup("controls/\(control)").write(result.group)
    }
    try results.summary.write(root.createGroup("summary"))
    if let gradients { try gradients(root.createGroup("gradients")) }
    try file.close()
  }

  // MARK: - Attributes

  private func writeAttributes(_ root: HDF5Group, _ samples: Range<Int>) throws {
    let target = root.attributes
    try root.writeHeader(
      schema: Self.schema, version: Self.schemaVersion,
      title: "Alignment of the gradients of log P(y) and log P(y|x)", mainGroup: "samples",
      provenance: attributes, isComplete: isComplete, history: history,
      references: preTrainSpacePaper)
    try target.set("precision", to: precision.rawValue)
    try target.set("options", to: storable(plan.options.json.text()))
    try target.set("sample_start", to: samples.lowerBound)
    try target.set("sample_total", to: plan.rollouts.count)
    if let shard { try target.set("shard", to: shard.description) }
  }
}
