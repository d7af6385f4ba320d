import Analysis
import KeyedRandom
import Runs
import Testing

@Suite struct AlignmentRecordTests {
  static let run = SyntheticRun()

  static func decode(_ bytes: [UInt8], of run: SyntheticRun = run) throws -> AlignmentRecord {
    try AlignmentRecord(bytes: bytes, plan: run.plan, groupCount: run.groups.count)
  }

  @Test(arguments: [true, false])
  func aSampleComesBackBitForBit(scoresFirst: Bool) throws {
    let run = SyntheticRun(scoresFirst: scoresFirst)
    for index in run.plan.rollouts.indices {
      let sample = run.sample(index)
      let bytes = AlignmentRecord.sample(sample).bytes(run.plan)
      let decoded = try AlignmentRecord.sample(
        index, bytes: bytes, plan: run.plan, groupCount: run.groups.count)
      #expect(decoded.index == index && decoded.pair.scoredCount == sample.pair.scoredCount)
      #expect(
        decoded.pair.logMarginal.map(\.bitPattern) == sample.pair.logMarginal.map(\.bitPattern))
      #expect(decoded.pair.innerProducts == sample.pair.innerProducts)
      #expect(
        decoded.controls.flatMap(\.stored).map(\.bitPattern)
          == sample.controls.flatMap(\.stored).map(\.bitPattern))
      // All else that a record holds: the bytes say it.
      #expect(AlignmentRecord.sample(decoded).bytes(run.plan) == bytes)
    }
  }

  @Test func theControlsOfAllRolloutsComeBackBitForBit() throws {
    let run = Self.run
    let bytes = AlignmentRecord.collection(run.collection()).bytes(run.plan)
    let decoded = try AlignmentRecord.collection(bytes: bytes, plan: run.plan)
    #expect(decoded[CrossMatrix.self]?.samples == run.cross.samples)
    #expect(decoded[UpdateControl.self]?.gram == run.update.gram)
    let firstOrder = try #require(decoded[FirstOrderControl.self])
    #expect(firstOrder.rules.map(\.name) == run.firstOrder.rules.map(\.name))
    #expect(firstOrder.samples.map(\.sample) == [0, 20])
    #expect(AlignmentRecord.collection(decoded).bytes(run.plan) == bytes)
  }

  @Test func aRecordOfAnotherPlanIsRefused() throws {
    let bytes = AlignmentRecord.sample(Self.run.sample(3)).bytes(Self.run.plan)
    func refused(_ body: () throws -> Void) {
      #expect(throws: ByteReader.Malformed.self, performing: body)
    }
    let (plan, groups) = (Self.run.plan, Self.run.groups.count)
    refused { _ = try AlignmentRecord.sample(2, bytes: bytes, plan: plan, groupCount: groups) }
    refused { _ = try AlignmentRecord.collection(bytes: bytes, plan: plan) }
    refused { _ = try AlignmentRecord(bytes: bytes, plan: plan, groupCount: groups + 1) }
    for other in [
      SyntheticRun(tokenProducts: false), SyntheticRun(controls: [Breakdown.name]), SyntheticRun(3),
    ] {
      refused { _ = try Self.decode(bytes, of: other) }
    }
    refused { _ = try Self.decode(bytes + [0]) }
    refused { _ = try Self.decode([9] + bytes.dropFirst()) }
    let controls = AlignmentRecord.collection(Self.run.collection()).bytes(Self.run.plan)
    refused { _ = try Self.decode(controls, of: SyntheticRun(controls: [Cross.name])) }
    let sample = AlignmentRecord.collection(CollectionResults()).bytes(Self.run.plan)
    refused { _ = try Self.decode(sample) }
    _ = try Self.decode(sample, of: SyntheticRun(controls: [Breakdown.name]))
  }

  /// Statistics trap on products that do not fit together, so the record must not let them in.
  @Test func batchProductsThatDoNotFitAreRefused() throws {
    let run = SyntheticRun(controls: [Update.name])
    let update = run.update
    func refuses(
      names: [String]? = nil, batches: Int? = nil, gram: [Double]? = nil,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let wrong = UpdateControl(
        vectorNames: names ?? update.vectorNames, batchCount: 8, gram: gram ?? update.gram,
        batchRollouts: Array(repeating: 5, count: batches ?? 8), batchTokens: update.batchTokens)
      let bytes = AlignmentRecord.collection(CollectionResults([(Update.name, wrong)]))
        .bytes(run.plan)
      #expect(throws: ByteReader.Malformed.self, sourceLocation: sourceLocation) {
        _ = try AlignmentRecord.collection(bytes: bytes, plan: run.plan)
      }
    }
    refuses(names: ["x"] + update.vectorNames.dropFirst())
    refuses(names: [update.vectorNames[1]] + update.vectorNames.dropFirst())
    refuses(batches: 1)
    refuses(batches: 5000)
    refuses(gram: Array(update.gram.dropLast()))
  }

  @Test func anyBytesAreReadSafely() {
    var random = RandomKey(seed: 1).derive("records").generator()
    let samples = (0..<8).map { AlignmentRecord.sample(Self.run.sample($0)).bytes(Self.run.plan) }
    let controls = AlignmentRecord.collection(Self.run.collection()).bytes(Self.run.plan)
    var accepted = 0
    for round in 0..<4000 {
      var bytes = round % 20 == 0 ? controls : samples[round % 8]
      for _ in 0...random.uniform(below: 3) {
        // Mostly near the start, where the counts are.
        let limit = random.bernoulli(0.5) ? min(64, bytes.count) : bytes.count
        bytes[random.uniform(below: limit)] = UInt8(random.uniform(below: 256))
      }
      if random.bernoulli(0.2) { bytes.removeLast(random.uniform(below: bytes.count)) }
      if bytes.isEmpty { continue }
      if let record = try? Self.decode(bytes) {
        accepted += 1
        #expect(record.bytes(Self.run.plan) == bytes)
      }
    }
    #expect((1..<4000).contains(accepted))
  }
}
