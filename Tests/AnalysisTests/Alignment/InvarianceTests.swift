// What an alignment's numbers must not depend on.
import Analysis
import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing

@Suite struct InvarianceTests {
  private static let controls = [
    "mismatched-prompt", "random-prompt", "shuffled-response", "null-context", "mixture",
    "untrained", "breakdown",
  ]

  private static func subject<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, untrained: Transformer<Scalar>? = nil,
    rollouts: [Rollout] = Lab.qwen3.rollouts, controls: [String] = controls,
    method: ProductMethod = .auto, seed: UInt64 = 5
  ) -> Subject<Scalar> {
    Subject(
      rollouts, model, untrained: untrained,
      Request(
        nullContext: [1, 4], method: method, controls: controls, sweep: [[9], []], seed: seed,
        tokenProducts: true))
  }

  /// Everything of a sample, bit for bit.
  private static func bits(_ sample: MeasuredSample) -> [UInt64] {
    sample.row.bits
      + [
        sample.inner, sample.squaresMarginal, sample.squaresConditional, sample.logMarginal,
        sample.logConditional, sample.entropyMarginal, sample.entropyConditional,
        sample.tokenProducts,
      ].flatMap { $0.map(\.bitPattern) }
      + sample.controls.sorted { $0.key < $1.key }.flatMap { $0.value.bits }
  }

  /// A part of the file, in any order, by fresh workers, gives the rows of the whole: what shards and
  /// resumed runs rest on.
  @Test(arguments: 1...4) func partsOfTheFileGiveTheRowsOfTheWhole(parts: Int) {
    let lab = Lab.qwen3
    let whole = Self.subject(lab.single, untrained: Lab.qwen3.single)
      .measure(Array(lab.rollouts.indices)).map(Self.bits)
    for part in 0..<parts {
      let indices = lab.rollouts.indices.filter { $0 % parts == part }.reversed()
      let rows = Self.subject(lab.single, untrained: Lab.qwen3.single).measure(Array(indices))
      for (index, row) in zip(indices, rows) { #expect(Self.bits(row) == whole[index]) }
    }
  }

  @Test func threadsChangeNoBit() throws {
    let lab = Lab.qwen3
    let subject = Self.subject(lab.single, untrained: lab.single)
    let one = try subject.measure(threads: 1).map(Self.bits)
    for threads in 2...3 {
      let more = try subject.measure(threads: threads).map(Self.bits)
      #expect(more == one)
    }
    let file = Self.subject(lab.single, controls: ["cross", "update", "first-order"])
    let alone = try #require(try file.measureFile(threads: 1))
    for threads in 2...3 {
      let more = try #require(try file.measureFile(threads: threads))
      #expect(more.cross?.products == alone.cross?.products)
      #expect(more.update?.gram == alone.update?.gram)
      #expect(more.samples.map(\.actual) == alone.samples.map(\.actual))
      #expect(more.rules.map(\.actual) == alone.rules.map(\.actual))
      #expect(more.rules.map(\.collateral) == alone.rules.map(\.collateral))
    }
  }

  /// Under the smallest memory limit each gradient is computed in many passes.
  @Test(arguments: [1, 2]) func theMemoryLimitChangesNoBit(threads: Int) throws {
    let configuration = ModelConfiguration(
      family: .qwen3, vocabularySize: Lab.vocabulary, hiddenSize: 16, feedForwardSize: 40,
      layerCount: 3, headCount: 2, keyValueHeadCount: 1, headDimension: 8, normEpsilon: 1e-5,
      ropeTheta: 500, ropeScaling: nil, tiedEmbeddings: true, maximumPositions: 64, bosToken: 1,
      eosTokens: [Int(Lab.end)], padToken: 0)
    let model = Transformer<Float>(configuration)
    model.initialize(RandomKey(seed: 3))
    for controls in [["cross"], ["update", "first-order"], ["first-order"]] {
      let subject = Self.subject(model, controls: controls)
      let whole = try #require(try subject.measureFile(threads: threads))
      let limit = try subject.leastMemory(threads: threads)
      if controls == ["cross"] {
        let passes = subject.crossPasses(threads: threads, memoryLimit: limit) ?? 0
        #expect(passes > 1 && passes == model.layout.count / 1024 + 1)
      }
      let parts = try #require(
        try subject.measureFile(threads: threads, memoryLimit: limit))
      #expect(parts.cross?.products == whole.cross?.products)
      #expect(parts.cross?.normsMarginal == whole.cross?.normsMarginal)
      #expect(parts.cross?.normsConditional == whole.cross?.normsConditional)
      #expect(parts.update?.gram == whole.update?.gram)
      for (part, all) in zip(parts.samples + parts.rules, whole.samples + whole.rules) {
        #expect(part.predicted == all.predicted && part.actual == all.actual)
        #expect(part.collateral == all.collateral)
      }
      #expect(throws: MemoryLimitExceeded.self) {
        _ = try subject.measureFile(threads: threads, memoryLimit: limit - 1)
      }
    }
  }

  /// Single precision within 1e-4 of double: about a thousand roundings of 6e-8.
  @Test(arguments: Family.allCases) func singlePrecisionIsDoublePrecisionToRounding(family: Family)
  {
    let lab = family.lab
    let indices = Array(lab.rollouts.indices)
    let high = Self.subject(lab.model).measure(indices)
    let low = Self.subject(lab.single).measure(indices)
    for (a, b) in zip(low, high) {
      let lengths = b.row.normMarginal * b.row.normConditional
      expectClose(a.row.inner, b.row.inner, absolute: 1e-4 * lengths, "inner product")
      expectClose(a.inner, b.inner, absolute: 1e-4 * lengths, "groups")
      expectClose(a.row.normMarginal, b.row.normMarginal, relative: 1e-4, "|g_m|")
      expectClose(a.logConditional, b.logConditional, absolute: 1e-4, "log π")
      expectClose(a.entropyConditional, b.entropyConditional, absolute: 1e-4, "entropies")
      expectClose(a.tokenProducts, b.tokenProducts, absolute: 1e-4 * lengths, "token products")
      for (label, row) in b.controls where !row.isUndefined && !label.hasPrefix("breakdown/") {
        expectClose(a.controls[label]?.cosine ?? .nan, row.cosine, absolute: 3e-4, label)
      }
    }
  }

  /// The routes to a product agree to rounding: 1e-12 of the lengths in double precision.
  @Test(arguments: Family.allCases, [ProductMethod.gram, .materialized])
  func methodsAgree(family: Family, method: ProductMethod) {
    let lab = family.lab
    let indices = Array(lab.rollouts.indices)
    let auto = Self.subject(lab.model, untrained: lab.untrained).measure(indices)
    let other = Self.subject(lab.model, untrained: lab.untrained, method: method).measure(indices)
    for (a, b) in zip(other, auto) {
      let lengths = b.row.normMarginal * b.row.normConditional
      expectClose(a.inner, b.inner, absolute: 1e-12 * lengths, "groups")
      #expect(a.logMarginal == b.logMarginal)
      #expect(a.tokenProducts == b.tokenProducts)
      for (label, row) in b.controls {
        expectClose(
          a.controls[label]?.inner ?? 0, row.inner,
          absolute: 1e-12 * row.normMarginal * row.normConditional, label)
      }
    }
  }

  /// Rows that look at one rollout alone move with it; the others' choices belong to places in the file.
  @Test func theOrderOfTheFileMovesRowsWithTheirRollouts() {
    let lab = Lab.qwen3
    let controls = ["null-context", "untrained", "breakdown", "mixture"]
    func rows(_ rollouts: [Rollout]) -> [String: MeasuredSample] {
      let samples = Self.subject(
        lab.model, untrained: lab.untrained, rollouts: rollouts, controls: controls
      ).measure(Array(rollouts.indices))
      return Dictionary(uniqueKeysWithValues: zip(rollouts.map(\.id), samples))
    }
    let forward = rows(lab.rollouts)
    for (id, sample) in rows(lab.rollouts.reversed()) {
      guard let other = forward[id] else {
        Issue.record("rollout \(id) is missing")
        continue
      }
      #expect(sample.row.bits == other.row.bits)
      for (label, row) in sample.controls {
        // The mixture sums its prompts in the file's order: roundings.
        if label == "mixture" {
          expectClose(
            row.inner, other.controls[label]?.inner ?? .nan,
            absolute: 1e-9 * row.normMarginal * row.normConditional, label)
        } else {
          #expect(row.bits == other.controls[label]?.bits, "\(label)")
        }
      }
    }
  }

  /// The main pair and what has no random choice are the same under every seed; the others are not.
  @Test func theSeedChangesRandomChoicesOnly() {
    let lab = Lab.qwen3
    let indices = Array(lab.rollouts.indices)
    let one = Self.subject(lab.model, untrained: lab.untrained, seed: 5).measure(indices)
    let other = Self.subject(lab.model, untrained: lab.untrained, seed: 6).measure(indices)
    for label in one[0].controls.keys {
      let isRandom = ["mismatched-prompt", "random-prompt", "shuffled-response"].contains(label)
      let changed = indices.contains {
        one[$0].controls[label]?.bits != other[$0].controls[label]?.bits
      }
      #expect(changed == isRandom, "\(label)")
    }
    for (a, b) in zip(one, other) { #expect(a.row.bits == b.row.bits) }
  }
}
