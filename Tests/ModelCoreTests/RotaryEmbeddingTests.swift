import Foundation
import ModelCore
import TestSupport
import Testing

@Suite struct RotaryEmbeddingTests {
  private func configuration(dimension: Int = 6, theta: Double = 500) -> ModelConfiguration {
    ModelConfiguration(
      family: .qwen3, vocabularySize: 4, hiddenSize: 4, feedForwardSize: 4, layerCount: 1,
      headCount: 1, keyValueHeadCount: 1, headDimension: dimension, ropeTheta: theta,
      maximumPositions: 64)
  }

  private func rotate(_ x: [Double], _ position: Int, scale: Double = 1) -> [Double] {
    let table = RotaryTable<Double>(RotaryAngles(configuration(dimension: x.count)), positions: 64)
    var y = [Double](repeating: -777, count: x.count)
    table.rotate(x, position: position, scale: scale, into: &y)
    return y
  }

  @Test func pairsTurnByPositionTimesFrequency() {
    // Pair i is (x_i, x_{i+D/2}) and turns by position · θ^(−2i/D).
    let x = randomValues(6, 1)
    let y = rotate(x, 5, scale: 3)
    for i in 0..<3 {
      let angle = 5 * pow(500, -2 * Double(i) / 6)
      expectClose(
        y[i], 3 * (x[i] * cos(angle) - x[i + 3] * sin(angle)), absolute: 1e-14, "x_\(i)")
      expectClose(
        y[i + 3], 3 * (x[i + 3] * cos(angle) + x[i] * sin(angle)), absolute: 1e-14, "x_\(i + 3)")
    }
    #expect(rotate(x, 0) == x)
  }

  @Test func backwardIsTheDerivative() {
    let x = randomValues(6, 1)
    let dy = randomValues(6, 2)
    let table = RotaryTable<Double>(RotaryAngles(configuration()), positions: 64)
    var dx = [Double](repeating: -777, count: 6)
    table.rotateBack(dy, position: 17, scale: 0.7, into: &dx)
    checkGradient(
      of: { dotProduct(rotate($0, 17, scale: 0.7), dy) }, at: x, gradient: dx, tolerance: 1e-9)
  }

  @Test func scoresDependOnTheDistanceOfPositions() {
    let query = randomValues(6, 1)
    let key = randomValues(6, 2)
    let near = dotProduct(rotate(query, 9), rotate(key, 4))
    expectClose(
      dotProduct(rotate(query, 45), rotate(key, 40)), near, absolute: 1e-13, "equal distance")
    #expect(abs(dotProduct(rotate(query, 45), rotate(key, 41)) - near) > 1e-3)
  }

  /// What transformers computes in float32 for θ = 2000, D = 6: one frequency is kept, one blended,
  /// one divided by the factor.
  @Test func llama3StretchesLowFrequencies() {
    var scaled = configuration(theta: 2000)
    scaled.ropeScaling = .llama3(
      .init(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaximumPositions: 256)
    )
    expectClose(
      RotaryAngles(scaled).frequencies,
      [1, 0.061633434146642685, 0.0007874505245126784], relative: 1e-6)
    expectClose(
      RotaryAngles(configuration(theta: 2000)).frequencies,
      [1, pow(2000, -1.0 / 3), pow(2000, -2.0 / 3)], relative: 1e-14)
  }

  @Test func longerTablesHoldTheSameAngles() {
    let x = randomValues(6, 1).map { Float($0) }
    let short = RotaryTable<Float>(RotaryAngles(configuration()), positions: 8)
    let long = RotaryTable<Float>(RotaryAngles(configuration()), positions: 50)
    var a = x
    var b = x
    short.rotate(x, position: 7, scale: 1, into: &a)
    long.rotate(x, position: 7, scale: 1, into: &b)
    #expect(a == b)
  }
}
