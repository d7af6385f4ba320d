// One record of an alignment run's journal.
//
// A kind byte (as an integer), then the values in the order below. A journal holds one record a
// rollout, in the order of the rollouts of its shard, and after the last one the controls that look
// at all rollouts at once, where the plan has any. All numbers keep all their bits, also in a
// float32 run: log-probabilities are sums of doubles there too.
import Runs

/// A rollout's results, or those of all rollouts together, as bytes and back.
public enum AlignmentRecord: Sendable {
  case sample(SampleAlignment)
  case fileControls(FileControls)

  enum Kind: Int {
    case sample = 1
    case fileControls = 2
  }

  /// The record's payload.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .sample(let sample):
      writer.write(Kind.sample.rawValue)
      writer.write(sample)
    case .fileControls(let controls):
      writer.write(Kind.fileControls.rawValue)
      writer.write(controls)
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
    case .fileControls: self = .fileControls(try reader.readFileControls(plan))
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
  public static func fileControls(
    bytes: [UInt8], plan: AlignmentPlan
  ) throws(ByteReader.Malformed) -> FileControls {
    let record = try AlignmentRecord(bytes: bytes, plan: plan, groupCount: 0)
    guard case .fileControls(let controls) = record else {
      throw ByteReader.Malformed(
        offset: 0, description: "another record (expected the one of all rollouts)")
    }
    return controls
  }
}

extension ByteWriter {
  fileprivate mutating func write(_ sample: SampleAlignment) {
    let pair = sample.pair
    write(sample.index)
    write(pair.scoredCount)
    for values in [
      pair.innerProducts, pair.squaredNormsMarginal, pair.squaredNormsConditional,
      pair.logMarginal, pair.logConditional, pair.entropyMarginal, pair.entropyConditional,
      pair.tokenInnerProducts,
    ] {
      write(values)
    }
    write(sample.controls.flatMap(\.values))
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
    func values(
      _ reader: inout ByteReader, _ expected: Int, _ what: String
    ) throws(Malformed) -> [Double] {
      let values = try reader.readDoubles()
      try reader.require(values.count, expected, what)
      return values
    }
    let pair = PairMeasurement(
      innerProducts: try values(&self, groupCount, "inner products"),
      squaredNormsMarginal: try values(&self, groupCount, "squared norms"),
      squaredNormsConditional: try values(&self, groupCount, "squared norms"),
      logMarginal: try values(&self, tokenCount, "log-probabilities"),
      logConditional: try values(&self, tokenCount, "log-probabilities"),
      entropyMarginal: try values(&self, tokenCount, "entropies"),
      entropyConditional: try values(&self, tokenCount, "entropies"),
      tokenInnerProducts: try values(
        &self, plan.options.tokenProducts ? tokenCount : 0, "products of tokens"),
      scoredCount: scoredCount)
    let numbers = try readDoubles()
    let width = PairSummary.undefined.values.count
    let columnCount = plan.controlColumns.count
    try require(numbers.count, width * columnCount, "values of controls")
    let controls = (0..<columnCount).compactMap {
      PairSummary(values: Array(numbers[$0 * width..<($0 + 1) * width]))
    }
    return SampleAlignment(index: index, pair: pair, controls: controls)
  }
}
