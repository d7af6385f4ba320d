// What a control is: its name, what it needs, how it is measured, its results and what they say.
//
// A new control is one file in Controls/ and one line in `AlignmentControls.all`, whose order is that
// of the results.
import HDF5
import ModelCore
import Statistics
import Tables

/// A measurement beside the main pair that says what its cosine is worth.
public protocol AlignmentControl: Sendable {
  /// What `--control` and result files call it.
  static var name: String { get }
  /// What it measures, for help: a phrase without a full stop.
  static var summary: String { get }
  /// Whether `--control all` measures it.
  static var isPartOfAll: Bool { get }

  /// Fixes everything that the control draws at random, from the seed and the rollouts' places.
  ///
  /// - Throws: `ControlObstacle` where the rollouts do not allow the control.
  init(_ plan: AlignmentPlan) throws(ControlObstacle)

  /// What the results mean for the main number; nil where there is nothing to say.
  func sentence(_ summary: AlignmentSummary) -> String?
}

extension AlignmentControl {
  public static var isPartOfAll: Bool { true }

  public func sentence(_ summary: AlignmentSummary) -> String? { nil }
}

/// Why rollouts do not allow a control.
public struct ControlObstacle: Error, Hashable, Sendable {
  public let reason: String

  public init(_ reason: String) {
    self.reason = reason
  }
}

/// A control that looks at one rollout at a time: a row of numbers for each of its entries.
public protocol SampleControl: AlignmentControl {
  /// The control's results: one without a name, or several that are told apart by theirs.
  var entries: [(name: String, title: String)] { get }
  /// Whether it goes on from the activations of the main pair and so has to come right after it.
  static var continuesMainPair: Bool { get }
  /// Tokens of the longest context that it puts before a response of another problem's rollout; 0 where it
  /// makes no sequence longer than those of the main pair.
  var longestContext: Int { get }

  /// The rows of a rollout, one an entry; `PairSummary.undefined` where an entry does not apply.
  func measure<Scalar: ModelScalar>(
    _ index: Int, main: PairMeasurement, with aligner: SampleAligner<Scalar>
  ) -> [PairSummary]
}

extension SampleControl {
  public static var continuesMainPair: Bool { false }
  public var longestContext: Int { 0 }
}

/// A control that looks at all rollouts together.
public protocol CollectionControl: AlignmentControl {
  associatedtype Result: CollectionResult

  /// The least memory for gradients with which it can be measured, in bytes.
  func leastBytes(_ plan: AlignmentPlan, _ memory: GradientMemory) -> Int

  /// - Returns: nil once it was stopped.
  /// - Throws: `MemoryLimitExceeded` where less than `leastBytes` are available.
  func measure<Scalar: ModelScalar>(_ run: CollectionMeasurement<Scalar>) throws -> Result?
}

extension CollectionControl {
  /// The result that a group of a file or a record of a journal holds.
  func result(_ stored: StoredValues, _ plan: AlignmentPlan) throws -> any CollectionResult {
    try Result(stored, plan: plan)
  }
}

/// What a control over all rollouts found.
public protocol CollectionResult: Sendable {
  /// From what `group` says must be kept.
  ///
  /// - Throws: `StoredValues.Fault` for values that do not belong together or to the plan.
  init(_ stored: StoredValues, plan: AlignmentPlan) throws

  /// All variables, stored and derived: the control's group of the result file.
  var group: VariableGroup { get }

  /// The statistics that the summary has of it; their groups are inside the control's.
  func statistics(_ plan: AlignmentPlan, _ bootstrap: BootstrapT) -> [SummaryStatistic]
}

/// The controls, in the order of the results.
public enum AlignmentControls {
  public static let all: [any AlignmentControl.Type] = [
    MismatchedPrompt.self, RandomPrompt.self, ShuffledResponse.self, Cross.self,
    NullContextSweep.self, Mixture.self, Untrained.self, Breakdown.self, Update.self,
    FirstOrder.self, PartialPrompt.self,
  ]

  /// The names of all controls.
  public static var names: [String] { all.map { $0.name } }

  /// The controls that `names` or `all` ask for, in the order of the results.
  public static func named(_ names: [String]) -> [any AlignmentControl.Type] {
    all.filter { names.contains($0.name) || names.contains("all") && $0.isPartOfAll }
  }
}
