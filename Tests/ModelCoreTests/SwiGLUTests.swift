import Foundation
import ModelCore
import TestSupport
import Testing

@Suite struct SwiGLUTests {
  private func forward(_ gateUp: [Double]) -> [Double] {
    var h = [Double](repeating: -777, count: gateUp.count / 2)
    swiGLU(gateUp, width: h.count, into: &h)
    return h
  }

  @Test func forwardIsTheFormula() {
    let gateUp = randomValues(14, 1, scale: 3)
    let expected = (0..<7).map { gateUp[$0] / (1 + exp(-gateUp[$0])) * gateUp[$0 + 7] }
    expectClose(forward(gateUp), expected, relative: 1e-14)
  }

  @Test func backwardIsTheDerivative() {
    let gateUp = randomValues(14, 1, scale: 3)
    let dh = randomValues(7, 2)
    var dGateUp = [Double](repeating: -777, count: 14)
    var h = [Double](repeating: -777, count: 7)
    swiGLUBackward(gateUp, dh: dh, width: 7, h: &h, dGateUp: &dGateUp)
    expectClose(h, forward(gateUp), relative: 1e-14, "h again")
    checkGradient(
      of: { dotProduct(forward($0), dh) }, at: gateUp, gradient: dGateUp, tolerance: 1e-9)
  }

  /// Every tail of the eight lanes; gates far out saturate and stay finite.
  @Test(arguments: 1...17) func floatAgreesWithDouble(width: Int) {
    var wide = randomValues(2 * width, 3, scale: 4)
    if width > 2 {
      wide[0] = -200
      wide[1] = 200
    }
    let narrow = wide.map { Float($0) }
    let exact = narrow.map { Double($0) }
    var h = [Float](repeating: -777, count: width)
    swiGLU(narrow, width: width, into: &h)
    expectClose(h.map { Double($0) }, forward(exact), relative: 1e-6, absolute: 1e-30, "h")

    let dh = randomValues(width, 4)
    var expected = [Double](repeating: 0, count: 2 * width)
    var again = [Double](repeating: 0, count: width)
    swiGLUBackward(exact, dh: dh, width: width, h: &again, dGateUp: &expected)
    var dGateUp = [Float](repeating: -777, count: 2 * width)
    swiGLUBackward(narrow, dh: dh.map { Float($0) }, width: width, h: &h, dGateUp: &dGateUp)
    expectClose(
      dGateUp.map { Double($0) }, expected, relative: 1e-5, absolute: 1e-5, "dGateUp")
  }
}
