import ModelCore
import TestSupport
import Testing

@Suite struct RMSNormTests {
  private let count = 13
  private let epsilon = 0.3  // large, so that forgetting it shows

  private func forward(_ x: [Double], _ weight: [Double]) -> [Double] {
    var y = [Double](repeating: -777, count: x.count)
    rmsNorm(x, weight: weight, count: x.count, epsilon: epsilon, into: &y)
    return y
  }

  @Test func forwardIsTheFormula() {
    let x = randomValues(count, 1)
    let weight = randomValues(count, 2)
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(count)
    let expected = zip(x, weight).map { $1 * $0 / (mean + epsilon).squareRoot() }
    expectClose(forward(x, weight), expected, relative: 1e-14, "y")
  }

  @Test func backwardIsTheDerivative() {
    let x = randomValues(count, 1)
    let weight = randomValues(count, 2)
    let dy = randomValues(count, 3)
    var dx = [Double](repeating: -777, count: count)
    var dWeight = [Double](repeating: 0, count: count)
    rmsNormBackward(
      x, weight: weight, dy: dy, count: count, epsilon: epsilon, beta: 0, dx: &dx,
      dWeight: &dWeight)
    checkGradient(
      of: { dotProduct(forward($0, weight), dy) }, at: x, gradient: dx, tolerance: 1e-9, "dx")
    checkGradient(
      of: { dotProduct(forward(x, $0), dy) }, at: weight, gradient: dWeight, tolerance: 1e-9,
      "dWeight")
  }

  @Test func weightGradientsAccumulateAndBetaScalesTheOldInputGradient() {
    let x = randomValues(count, 1)
    let weight = randomValues(count, 2)
    let dy = randomValues(count, 3)
    var dx = [Double](repeating: 0, count: count)
    var dWeight = [Double](repeating: 0, count: count)
    rmsNormBackward(
      x, weight: weight, dy: dy, count: count, epsilon: epsilon, beta: 0, dx: &dx,
      dWeight: &dWeight)
    let old = randomValues(count, 4)
    var sum = old
    var weightSum = old
    rmsNormBackward(
      x, weight: weight, dy: dy, count: count, epsilon: epsilon, beta: 1, dx: &sum,
      dWeight: &weightSum)
    expectClose(sum, zip(old, dx).map { $0 + $1 }, absolute: 1e-14, "dx")
    expectClose(weightSum, zip(old, dWeight).map { $0 + $1 }, absolute: 1e-14, "dWeight")

    var inPlace = dy
    var unused = old
    inPlace.withUnsafeMutableBufferPointer { memory in
      if let base = memory.baseAddress {
        rmsNormBackward(
          x, weight: weight, dy: base, count: count, epsilon: epsilon, beta: 0, dx: base,
          dWeight: &unused)
      }
    }
    #expect(inPlace == dx, "dy and dx in the same memory")
  }
}
