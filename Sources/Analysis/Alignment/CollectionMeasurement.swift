// Measuring the controls that look at all rollouts together.
import KeyedRandom
import ModelCore
import Runs
import Tables

/// What a control over all rollouts has to work with.
public final class CollectionMeasurement<Scalar: ModelScalar> {
  public let plan: AlignmentPlan
  public let model: Transformer<Scalar>
  public let threads: Int
  public let memory: GradientMemory
  /// True once the run shall stop; long loops ask.
  public let shouldStop: @Sendable () -> Bool
  private let report: (String, Double) -> Void
  /// The batch vectors of the update rules, for all controls that need them.
  private(set) lazy var batchVectors = BatchVectors(self) { [report] in report("batch vectors", $0)
  }
  fileprivate(set) var control = ""

  init(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int, memoryLimit: Int,
    shouldStop: @escaping @Sendable () -> Bool, report: @escaping (String, Double) -> Void
  ) {
    self.plan = plan
    self.model = model
    self.threads = threads
    memory = GradientMemory(
      plan, model, threads: threads, limit: memoryLimit)
    self.shouldStop = shouldStop
    self.report = report
  }

  /// Tells that a share of the control at hand is done.
  public func progress(_ share: Double) { report(control, share) }

  /// Slices of the parameters with which so many gradients fit into memory.
  func slices(rows: Int, buffers: Int) throws(MemoryLimitExceeded) -> [Range<Int>] {
    if let slices = memory.slices(rows: rows, buffers: buffers) { return slices }
    throw memory.exceeded(by: control, memory.leastBytes(rows: rows, buffers: buffers))
  }
}

/// The results of the controls over all rollouts, by the control's name.
public struct CollectionResults: Sendable {
  public private(set) var results: [(control: String, result: any CollectionResult)] = []

  /// No results: of an unfinished run, or of a part after the first.
  public init() {}

  package init(_ results: [(control: String, result: any CollectionResult)]) {
    self.results = results
  }

  /// The result of a type, where it was measured.
  public subscript<Result: CollectionResult>(_: Result.Type) -> Result? {
    results.lazy.compactMap { $0.result as? Result }.first
  }

  /// Measures what the plan asks for.
  ///
  /// - Parameters:
  ///   - memoryLimit: Bytes that may be used in all, the model included; it changes the number of passes
  ///     over the rollouts and no result.
  ///   - progress: Gets a label and the share of it that is done.
  /// - Returns: nil if it was stopped.
  /// - Throws: `MemoryLimitExceeded` where a control needs more than that.
  public static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int,
    memoryLimit: Int = Machine.defaultMemoryLimit,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (String, Double) -> Void = { _, _ in }
  ) throws -> CollectionResults? {
    let run = CollectionMeasurement(
      plan, model: model, threads: threads, memoryLimit: memoryLimit, shouldStop: shouldStop,
      report: progress)
    try run.memory.check(plan)
    func result(of control: some CollectionControl) throws -> (any CollectionResult)? {
      run.control = type(of: control).name
      return try control.measure(run)
    }
    var results = CollectionResults()
    for control in plan.collectionControls {
      guard let found = try result(of: control) else { return nil }
      results.results.append((type(of: control).name, found))
    }
    return results
  }

  // MARK: - Journal and file

  /// Appends what must be kept of each result to a journal's record.
  func write(to writer: inout ByteWriter) {
    writer.write(results.map(\.control))
    for (_, result) in results { writer.write(stored: result.group) }
  }

  /// Reads what `write` wrote; it must be what the plan asks for.
  init(reading reader: inout ByteReader, _ plan: AlignmentPlan) throws(ByteReader.Malformed) {
    let names = try reader.readStrings()
    let expected = plan.collectionControls.map { type(of: $0).name }
    guard names == expected else {
      throw reader.malformed("the controls \(names) (expected \(expected))")
    }
    for control in plan.collectionControls {
      let stored = try reader.readStored()
      do {
        results.append((type(of: control).name, try control.result(stored, plan)))
      } catch {
        throw reader.malformed("\(error)")
      }
    }
  }
}
