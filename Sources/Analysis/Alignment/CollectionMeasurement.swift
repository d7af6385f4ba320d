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
  /// True once the run shall stop; long loops ask.
  public let shouldStop: @Sendable () -> Bool
  private let report: (String, Double) -> Void
  private var vectors: BatchVectors<Scalar>?
  fileprivate(set) var control = ""

  init(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool, report: @escaping (String, Double) -> Void
  ) {
    self.plan = plan
    self.model = model
    self.threads = threads
    self.shouldStop = shouldStop
    self.report = report
  }

  /// Tells that a share of the control at hand is done.
  public func progress(_ share: Double) { report(control, share) }

  /// The batch vectors of the update rules, measured once for all controls that need them; nil once
  /// the run was stopped.
  func batchVectors() throws -> BatchVectors<Scalar>? {
    if let vectors { return vectors }
    let batches = UpdateBatches(plan.rollouts, key: plan.key("update"))
    vectors = try BatchVectors<Scalar>.measure(
      plan, batches: batches, model: model, threads: threads, shouldStop: shouldStop,
      progress: { self.report("batch vectors", $0) })
    return vectors
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
  /// - Parameter progress: Gets a label and the share of it that is done.
  /// - Returns: nil if it was stopped.
  public static func measure<Scalar: ModelScalar>(
    _ plan: AlignmentPlan, model: Transformer<Scalar>, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (String, Double) -> Void = { _, _ in }
  ) throws -> CollectionResults? {
    let run = CollectionMeasurement(
      plan, model: model, threads: threads, shouldStop: shouldStop, report: progress)
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
