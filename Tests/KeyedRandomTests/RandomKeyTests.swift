import KeyedRandom
import Testing

@Suite struct RandomKeyTests {
  /// The known answers of Random123's `kat_vectors` for philox4x32-10.
  @Test func philoxMatchesTheReferenceVectors() {
    #expect(
      Philox.block(counter: .zero, key: .zero)
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      Philox.block(counter: SIMD4(repeating: ones), key: SIMD2(repeating: ones))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.block(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
        key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func streamsDependOnEveryLabelAndItsOrder() {
    let key = RandomKey(seed: 7)
    let keys = [
      key, key.derive(1), key.derive(2), key.derive(1, 2), key.derive(2, 1), key.derive("rollout"),
      key.derive("corpus"), RandomKey(seed: 8).derive(1),
    ]
    var firsts = Set<UInt64>()
    for key in keys {
      var generator = key.generator()
      firsts.insert(generator.next())
    }
    #expect(firsts.count == keys.count)
    #expect(key.derive(1, 2) == key.derive(1).derive(2))
  }

  @Test func distributionsHaveTheirMoments() {
    var generator = RandomKey(seed: 1).generator()
    let count = 100_000
    var uniformSum = 0.0
    var normalSum = 0.0
    var normalSquares = 0.0
    var tally = [Int](repeating: 0, count: 7)
    for _ in 0..<count {
      uniformSum += generator.uniform()
      let normal = generator.normal()
      normalSum += normal
      normalSquares += normal * normal
      tally[generator.uniform(below: 7)] += 1
    }
    // Five standard errors of each mean.
    #expect(abs(uniformSum / Double(count) - 0.5) < 5 * 0.289 / 316)
    #expect(abs(normalSum / Double(count)) < 5 / 316.0)
    #expect(abs(normalSquares / Double(count) - 1) < 5 * 1.414 / 316)
    for bin in tally { #expect(abs(Double(bin) - 14_285.7) < 5 * 111) }
  }

  @Test func shuffleKeepsEveryElement() {
    var generator = RandomKey(seed: 3).generator()
    var values = Array(0..<100)
    generator.shuffle(&values)
    #expect(values != Array(0..<100))
    #expect(values.sorted() == Array(0..<100))
  }
}
