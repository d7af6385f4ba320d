import Foundation
import ModelCore
import StrictJSON
import TestSupport
import Testing

/// Soft-capped attention scores and logits: the kernel, its derivatives, and which checkpoints have them.
@Suite struct SoftcapTests {
  @Test func hyperbolicTangentIsWithinTwoUlps() {
    var worst = (ulps: 0.0, x: Float(0))
    var lanes = SIMD8<Float>.zero
    for sign in [Float(1), -1] {
      var pattern: UInt32 = 0
      while Float(bitPattern: pattern) <= 12 {
        for lane in 0..<8 {
          lanes[lane] = sign * Float(bitPattern: pattern)
          pattern += 2111
        }
        let actual = hyperbolicTangent(lanes)
        for lane in 0..<8 {
          let exact = tanh(Double(lanes[lane]))
          let distance = abs(Double(actual[lane]) - exact) / Double(Float(exact).ulp)
          if !(distance <= worst.ulps) { worst = (distance, lanes[lane]) }
        }
      }
    }
    #expect(worst.ulps <= 2, "at \(worst.x)")
    let extremes = hyperbolicTangent(SIMD8(-.infinity, -1e30, -0.0, 0, 20, 1e30, .infinity, .nan))
    #expect(extremes[0] == -1 && extremes[1] == -1 && extremes[2] == 0)
    #expect(extremes[4] == 1 && extremes[5] == 1 && extremes[6] == 1)
    #expect(extremes[7].isNaN, "a broken model must not look healthy")
  }

  @Test(arguments: [0.3, 1, 50]) func capsBoundAndBend(cap: Double) {
    let values = randomValues(11, 1, scale: 2)
    var capped = values
    softcap(&capped, count: capped.count, cap: cap)
    for (x, y) in zip(values, capped) { #expect(abs(y - cap * tanh(x / cap)) < 1e-13) }
    var gradient = [Double](repeating: 1, count: values.count)
    softcapBackward(&gradient, capped: capped, count: values.count, cap: cap)
    checkGradient(
      of: { point in point.reduce(0) { $0 + cap * tanh($1 / cap) } }, at: values,
      gradient: gradient, tolerance: 1e-8)
  }

  /// d/d z of c · log π(target) through logits k tanh(z / k), in one tile and in several.
  @Test(arguments: [4, 11, 16]) func logSoftmaxOfCappedLogits(tile: Int) {
    let logits = randomValues(11, 1, scale: 2)
    let (coefficient, cap) = (-1.7, 1.3)
    func logProbability(_ point: [Double], _ target: Int) -> (value: Double, logSumExp: Double) {
      var capped = point
      softcap(&capped, count: capped.count, cap: cap)
      var running = RunningSoftmax()
      running.add(capped, count: capped.count)
      return (capped[target] - running.logSumExp, running.logSumExp)
    }
    for target in [0, 4, 10] {
      var gradient: [Double] = []
      for start in stride(from: 0, to: logits.count, by: tile) {
        let range = start..<min(start + tile, logits.count)
        var part = Array(logits[range])
        softcap(&part, count: part.count, cap: cap)
        logSoftmaxBackward(
          &part, vocabulary: range, target: target,
          logSumExp: logProbability(logits, target).logSumExp, coefficient: coefficient, cap: cap)
        gradient += part
      }
      checkGradient(
        of: { coefficient * logProbability($0, target).value }, at: logits, gradient: gradient,
        tolerance: 1e-8, "target \(target)")
    }
  }

  private func read(
    _ family: ModelConfiguration.Family, _ changes: [(String, JSON?)]
  ) throws -> ModelConfiguration {
    var object = try #require(Shape(family: family, tied: true).configuration().json.objectValue)
    for (key, value) in changes { object[key] = value }
    var reader = try JSONReader(.object(object))
    return try ModelConfiguration(reading: &reader)
  }

  /// An absent key is the default of transformers' class; null is no cap. What was read is written.
  @Test func configurationsHaveCaps() throws {
    let keys = ["attn_logit_softcapping", "final_logit_softcapping"]
    let absent = try read(.gemma2, keys.map { ($0, nil) })
    #expect(absent.attentionCap == 50 && absent.logitCap == 30)
    let none = try read(.gemma2, keys.map { ($0, .null) })
    #expect(none.attentionCap == nil && none.logitCap == nil)
    for configuration in [absent, none, try read(.gemma2, [(keys[0], 20.5), (keys[1], .null)])] {
      var reader = try JSONReader(configuration.json)
      #expect(try ModelConfiguration(reading: &reader) == configuration)
    }
    #expect(try read(.gemma3, [(keys[1], 30)]).logitCap == 30)
    #expect(try read(.gemma3, [(keys[1], nil)]).logitCap == nil)
  }

  /// transformers' Gemma 3 has a key for capped attention scores and ignores it.
  @Test func whatVersionsReadDifferentlyIsRefused() {
    #expect(throws: JSONValueError.self) { try read(.gemma3, [("attn_logit_softcapping", 50)]) }
    for value in [JSON.integer(0), -30, "30", true] {
      #expect(throws: JSONValueError.self) {
        try read(.gemma2, [("final_logit_softcapping", value)])
      }
    }
  }
}
