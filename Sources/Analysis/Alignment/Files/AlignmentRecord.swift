// One record of an alignment run's journal.
//
// A kind (as an integer), then the values in the order below. A journal holds one record per
// rollout, in the order of the rollouts of its shard. After the last one comes a record of the
// controls over all rollouts, if the plan has any. All numbers are stored as doubles, also in a
// float32 run, since their sums are taken in double there, too.
import Runs
import Tables

/// Encodes and decodes the results of a rollout, or of all rollouts together.
public enum AlignmentRecord: Sendable {
  case sample(SampleAlignment)
  case collection(CollectionResults)

  /// Changes with the layout of the records: journals of another format are not continued.
  public static let format = 2

  private enum Kind: Int {
    case sample = 1
    case collection = 2
  }

  /// The record's payload.
  public func bytes(_ plan: AlignmentPlan) -> [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .sample(let sample):
      writer.write(Kind.sample.rawValue)
      writer.write(sample.index)
      writer.write(sample.pair.scoredCount)
      for column in PairMeasurement.groupColumns + PairMeasurement.tokenColumns(plan.options) {
        writer.write(column.value(sample.pair))
      }
      writer.write(sample.controls.flatMap(\.stored))
    case .collection(let results):
      writer.write(Kind.collection.rawValue)
      results.write(to: &writer)
    }
    return writer.bytes
  }

  /// Reads a payload and checks it against what the plan says must be there.
  ///
  /// - Parameter groupCount: The parameter groups of the model.
  public init(
    bytes: [UInt8], plan: AlignmentPlan, groupCount: Int
  ) throws(ByteReader.Malformed) {
    var reader = ByteReader(bytes)
    let kind = try reader.readInt()
    switch Kind(rawValue: kind) {
    case .sample: self = .sample(try reader.readSample(plan, groupCount: groupCount))
    case .collection: self = .collection(try CollectionResults(reading: &reader, plan))
    case nil: throw reader.malformed("a record of kind \(kind) (expected 1 or 2)")
    }
    try reader.finish()
  }

  /// The rollout's results in a payload that must hold those of rollout `index`.
  public static func sample(
    _ index: Int, bytes: [UInt8], plan: AlignmentPlan, groupCount: Int
  ) throws(ByteReader.Malformed) -> SampleAlignment {
    let record = try AlignmentRecord(bytes: bytes, plan: plan, groupCount: groupCount)
    guard case .sample(let sample) = record, sample.index == index else {
      throw ByteReader.Malformed(
        offset: 0, description: "another record (expected the one of rollout \(index))")
    }
    return sample
  }

  /// The results of all rollouts together in a payload that must hold them.
  public static func collection(
    bytes: [UInt8], plan: AlignmentPlan
  ) throws(ByteReader.Malformed) -> CollectionResults {
    let record = try AlignmentRecord(bytes: bytes, plan: plan, groupCount: 0)
    guard case .collection(let results) = record else {
      throw ByteReader.Malformed(
        offset: 0, description: "another record (expected the one of all rollouts)")
    }
    return results
  }
}

extension ByteReader {
  fileprivate mutating func readSample(
    _ plan: AlignmentPlan, groupCount: Int
  ) throws(Malformed) -> SampleAlignment {
    let index = try readInt()
    guard plan.rollouts.indices.contains(index) else {
      throw malformed("rollout \(index) (expected one of \(plan.rollouts.count))")
    }
    let tokenCount = plan.rollouts[index].responseTokens.count
    let scoredCount = try readInt()
    guard (0...tokenCount).contains(scoredCount) else {
      throw malformed("\(scoredCount) scored tokens (expected at most \(tokenCount))")
    }
    var pair = PairMeasurement(scoredCount: scoredCount)
    try read(PairMeasurement.groupColumns, into: &pair, count: groupCount)
    try read(PairMeasurement.tokenColumns(plan.options), into: &pair, count: tokenCount)
    let numbers = try readDoubles()
    let width = PairSummary.storedColumns.count
    try require(numbers.count, width * plan.entries.count, "values of controls")
    let controls = plan.entries.indices.compactMap {
      PairSummary(stored: numbers[$0 * width..<($0 + 1) * width])
    }
    return SampleAlignment(index: index, pair: pair, controls: controls)
  }

  private mutating func read(
    _ columns: [Column<PairMeasurement, [Double]>], into pair: inout PairMeasurement, count: Int
  ) throws(Malformed) {
    for column in columns {
      let values = try readDoubles()
      try require(values.count, count, "values of \(column.name)")
      if let path = column.path { pair[keyPath: path] = values }
    }
  }
}
