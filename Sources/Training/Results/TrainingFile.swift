// The result file of a training run: metrics of every step and the evaluations along it.
//
// Datasets depend on nothing but the results; where and when a run took place is in attributes.
import HDF5
import Tables

/// How a run becomes an HDF5 file (schema `prerl.training`, version 1): `/steps` and `/evaluation`,
/// each with a scale `step` of its own and one float64 variable a metric; `/update`, where update
/// vectors were measured along the run, with scales `step` and `rule` (`rule_a`, `rule_b`).
public struct TrainingFile: Sendable {
  public static let schema = "prerl.training"
  public static let schemaVersion = 1

  public var steps: VariableGroup
  /// nil where nothing was evaluated.
  public var evaluation: VariableGroup?
  /// nil where update vectors were not measured.
  public var updates: VariableGroup?
  /// Whether the run ended, as opposed to being interrupted.
  public var isComplete: Bool
  /// Provenance, such as `Manifest.attributes`; `config` is the configuration as JSON text.
  public var attributes: [(name: String, text: String)]
  /// When and how the file came about, one line a step.
  public var history: String

  public init(
    steps: VariableGroup, evaluation: VariableGroup?, updates: VariableGroup? = nil,
    isComplete: Bool, attributes: [(name: String, text: String)], history: String
  ) {
    self.steps = steps
    self.evaluation = evaluation
    self.updates = updates
    self.isComplete = isComplete
    self.attributes = attributes
    self.history = history
  }

  /// Writes the file, durable when the call returns; `AtomicFile.publish` gives the path.
  public func write(to path: String) throws {
    let file = try HDF5File.create(path)
    let root = try file.root
    try root.writeHeader(
      schema: Self.schema, version: Self.schemaVersion, title: "Training run",
      mainGroup: evaluation == nil ? "steps" : "evaluation", provenance: attributes,
      isComplete: isComplete, history: history, references: preTrainSpacePaper)
    for (name, group) in [("steps", steps), ("evaluation", evaluation), ("update", updates)] {
      if let group { try root.createGroup(name).write(group) }
    }
    try file.close()
  }
}
