import Foundation
import ModelCore
import StrictJSON
import TestSupport
import Testing

/// Soft-capped attention scores and logits: values, derivatives, and which checkpoints have them.
@Suite struct SoftcapTests {
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
