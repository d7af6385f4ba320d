import Foundation
import ModelCore
import TestSupport
import Testing

@Suite struct LogSoftmaxTests {
  private static func tiles(_ size: Int, of tile: Int) -> [Range<Int>] {
    stride(from: 0, to: size, by: tile).map { $0..<min($0 + tile, size) }
  }

  private static func softmax<Scalar: ModelScalar>(
    _ logits: [Scalar], tile: Int
  ) -> RunningSoftmax {
    var running = RunningSoftmax()
    for range in tiles(logits.count, of: tile) {
      running.add(Array(logits[range]), count: range.count)
    }
    return running
  }

  /// From the definition, with the maximum taken out.
  private static func definition(_ logits: [Double]) -> (logSumExp: Double, entropy: Double) {
    let largest = logits.max() ?? 0
    let total = logits.reduce(0) { $0 + exp($1 - largest) }
    let logSumExp = largest + log(total)
    return (logSumExp, -logits.reduce(0) { $0 + exp($1 - logSumExp) * ($1 - logSumExp) })
  }

  /// Rising, falling and mixed rows move the running maximum in every way.
  @Test(arguments: [1, 5, 8, 16, 37, 64])
  func tilesOfTheVocabularyGiveTheDefinition(tile: Int) {
    let mixed = randomValues(37, 1, scale: 6)
    for logits in [mixed, mixed.sorted(), mixed.sorted(by: >), mixed.map { $0 + 1000 }, [3.0]] {
      let expected = Self.definition(logits)
      let actual = Self.softmax(logits, tile: tile)
      expectClose(actual.logSumExp, expected.logSumExp, relative: 1e-14, "log-sum-exp")
      expectClose(actual.entropy, expected.entropy, absolute: 1e-12, "entropy")

      let narrow = logits.map { Float($0) }
      let rounded = Self.definition(narrow.map { Double($0) })
      let single = Self.softmax(narrow, tile: tile)
      expectClose(single.logSumExp, rounded.logSumExp, absolute: 1e-6, "Float log-sum-exp")
      expectClose(single.entropy, rounded.entropy, absolute: 3e-6, "Float entropy")
    }
  }

  @Test func certaintyHasNoEntropyAndUniformityHasLogV() {
    expectClose(
      Self.softmax([0, -1e4, -1e5] as [Float], tile: 2).entropy, 0, absolute: 1e-12)
    expectClose(
      Self.softmax([Float](repeating: 7, count: 1000), tile: 64).entropy, log(1000),
      relative: 1e-6)
  }

  /// A logit of −∞ has probability 0 and adds nothing: 0 · ∞ must not become NaN.
  @Test func impossibleTokensAddNothing() {
    let possible = randomValues(9, 1, scale: 3)
    let logits = [-.infinity] + possible + [-.infinity]
    let expected = Self.definition(possible)
    for tile in [4, 11] {  // each tile holds a possible token
      let actual = Self.softmax(logits, tile: tile)
      expectClose(actual.logSumExp, expected.logSumExp, absolute: 1e-13, "log-sum-exp")
      expectClose(actual.entropy, expected.entropy, absolute: 1e-13, "entropy")
      let single = Self.softmax(logits.map { Float($0) }, tile: tile)
      expectClose(single.logSumExp, expected.logSumExp, absolute: 1e-6, "Float log-sum-exp")
      expectClose(single.entropy, expected.entropy, absolute: 3e-6, "Float entropy")
    }
  }

  /// A broken model must not look healthy, wherever the NaN stands.
  @Test(arguments: 0..<11) func nanLogitsGiveNaN(place: Int) {
    func check<Scalar: ModelScalar>(_ type: Scalar.Type) {
      var logits = randomValues(11, 1).map { Scalar($0) }
      logits[place] = .nan
      for tile in [1, 4, 11] {
        #expect(Self.softmax(logits, tile: tile).logSumExp.isNaN)
        #expect(Self.softmax(logits, tile: tile).entropy.isNaN)
      }
    }
    check(Float.self)
    check(Double.self)
  }

  /// d/d logits of c · log π(target), in one tile and in several.
  @Test(arguments: [4, 11, 16]) func backwardIsTheDerivative(tile: Int) {
    let logits = randomValues(11, 1, scale: 2)
    let coefficient = -1.7
    for target in [0, 3, 4, 10] {
      let logSumExp = Self.softmax(logits, tile: tile).logSumExp
      var gradient: [Double] = []
      for range in Self.tiles(logits.count, of: tile) {
        var part = Array(logits[range])
        logSoftmaxBackward(
          &part, vocabulary: range, target: target, logSumExp: logSumExp,
          coefficient: coefficient)
        gradient += part
      }
      checkGradient(
        of: { coefficient * ($0[target] - Self.softmax($0, tile: tile).logSumExp) }, at: logits,
        gradient: gradient, tolerance: 1e-9, "target \(target)")
    }
  }
}
