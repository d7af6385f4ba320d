// The protocols of controls: name, requirements, measurement, results and their interpretation.
//
// To add a control, write one file in Controls/ and add one line to `AlignmentControls.all`. The
// order of that list is the order of the results.
import HDF5
import ModelCore
import Statistics
import Tables

/// A measurement that the cosine of the main pair is compared with.
public protocol AlignmentControl: Sendable {
  /// The name in `--control` and in result files.
  static var name: String { get }
  /// A description for help, a phrase without a full stop.
  static var summary: String { get }
  /// Whether `--control all` measures it.
  static var isPartOfAll: Bool { get }

  /// Makes every random choice of the control, from the seed and the rollouts' indices.
  ///
  /// - Throws: `ControlObstacle` where the rollouts do not allow the control.
  init(_ plan: AlignmentPlan) throws(ControlObstacle)

  /// A sentence that says what the results mean for the cosine of the main pair; nil if there is
  /// none.
  func sentence(_ summary: AlignmentSummary) -> String?
}

extension AlignmentControl {
  public static var isPartOfAll: Bool { true }

  public func sentence(_ summary: AlignmentSummary) -> String? { nil }
}

/// The reason why the rollouts do not allow a control.
public struct ControlObstacle: Error, Hashable, Sendable {
  public let reason: String

  public init(_ reason: String) {
    self.reason = reason
  }
}

/// A control that measures one rollout at a time. It gives one row of numbers per rollout and
/// entry.
public protocol SampleControl: AlignmentControl {
  /// The control's entries: a single one without a name, or several with different names.
  var entries: [(name: String, title: String)] { get }
  /// Whether it reuses the activations of the main pair and therefore must run right after it.
  static var continuesMainPair: Bool { get }
  /// Tokens of the longest context that it puts before a response of another problem's rollout; 0 where it
  /// makes no sequence longer than those of the main pair.
  var longestContext: Int { get }

  /// The rows of a rollout, one per entry; `PairSummary.undefined` where an entry does not apply.
  func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary]
}

extension SampleControl {
  public static var continuesMainPair: Bool { false }
  public var longestContext: Int { 0 }
}

/// A control that needs all rollouts at once.
public protocol CollectionControl: AlignmentControl {
  associatedtype Result: CollectionResult

  /// The least memory for gradients with which it can be measured, in bytes.
  func leastBytes(_ plan: AlignmentPlan, _ memory: GradientMemory) -> Int

  /// Rows of the table of pairs: their names and the groups of the summary that hold their means.
  var pairs: [(name: String, group: [String])] { get }
  /// A table of its own; nil if there is none.
  func table(_ summary: AlignmentSummary) -> String?

  /// - Returns: nil if it was stopped.
  /// - Throws: `MemoryLimitExceeded` where less than `leastBytes` are available.
  func measure<Scalar: ModelScalar>(_ run: CollectionMeasurement<Scalar>) throws -> Result?
}

extension CollectionControl {
  public var pairs: [(name: String, group: [String])] { [] }

  public func table(_ summary: AlignmentSummary) -> String? { nil }

  /// The result stored in a group of a file or in a record of a journal.
  func result(_ stored: StoredValues, _ plan: AlignmentPlan) throws -> any CollectionResult {
    try Result(stored, plan: plan)
  }
}

/// The result of a control over all rollouts.
public protocol CollectionResult: Sendable {
  /// Restores a result from the values that `group` marks as stored.
  ///
  /// - Throws: `StoredValues.Fault` for values that do not match each other or the plan.
  init(_ stored: StoredValues, plan: AlignmentPlan) throws

  /// All variables of the control's group in the result file, stored and derived.
  var group: VariableGroup { get }

  /// The statistics for the summary; their groups are inside the control's group.
  func statistics(_ plan: AlignmentPlan, _ bootstrap: BootstrapT) -> [SummaryStatistic]
}

/// The controls, in the order of the results.
public enum AlignmentControls {
  public static let all: [any AlignmentControl.Type] = [
    MismatchedPrompt.self, RandomPrompt.self, ShuffledResponse.self, Cross.self,
    NullContextSweep.self, Mixture.self, Untrained.self, Breakdown.self, Update.self,
    FirstOrder.self, PartialPrompt.self, AdapterUpdates.self,
  ]

  /// The names of all controls.
  public static var names: [String] { all.map { $0.name } }

  /// The controls that `names` or `all` ask for, in the order of the results.
  public static func named(_ names: [String]) -> [any AlignmentControl.Type] {
    all.filter { names.contains($0.name) || names.contains("all") && $0.isPartOfAll }
  }
}
