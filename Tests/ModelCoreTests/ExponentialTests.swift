import Foundation
import ModelCore
import TestSupport
import Testing

/// Our eight lanes of Float against libm's Double.
@Suite struct ExponentialTests {
  /// Rows of a length whose tail is `count % 8`; what follows the row must stay.
  private func row(_ count: Int, from values: [Float]) -> [Float] {
    Array(values.prefix(count)) + [Float](repeating: 123, count: 9)
  }

  /// Distance from the exact value in units of the last place of a Float.
  private func ulps(_ actual: Float, _ exact: Double) -> Double {
    abs(Double(actual) - exact) / Double(Float(exact).ulp)
  }

  /// About two million floats, spread evenly over the bit patterns from −87.3 to 88.3; 0.94 ulp is
  /// the worst of them.
  @Test func exponentialIsWithinOneAndAHalfUlps() {
    var worst = (ulps: 0.0, x: Float(0))
    var checked = 0
    var lanes = SIMD8<Float>.zero
    for (sign, limit) in [(Float(1), Float(88.3)), (-1, 87.3)] {
      var pattern: UInt32 = 0
      while Float(bitPattern: pattern) <= limit {
        for lane in 0..<8 {
          lanes[lane] = sign * min(Float(bitPattern: pattern), limit)
          pattern += 1061
        }
        let actual = exponential(lanes)
        for lane in 0..<8 {
          let distance = ulps(actual[lane], exp(Double(lanes[lane])))
          if !(distance <= worst.ulps) { worst = (distance, lanes[lane]) }
        }
        checked += 8
      }
    }
    #expect(checked > 1_900_000)
    #expect(worst.ulps <= 1.5, "at \(worst.x)")
  }

  @Test func exponentialOfTheExtremes() {
    let low = exponential(
      SIMD8(-.infinity, -.greatestFiniteMagnitude, -1e30, -1000, -104, -88, -87.5, -87.31))
    #expect(low == SIMD8(repeating: 0))
    let high = exponential(SIMD8(0, -0.0, 1, 88.3, 89, 1e30, .infinity, .nan))
    #expect(high[0] == 1 && high[1] == 1)
    #expect(ulps(high[2], exp(1)) <= 1)
    // Above the range the result stays at the largest one; softmax never asks for it.
    #expect(high[4] == high[3] && high[5] == high[3] && high[6] == high[3])
    #expect(high[7].isNaN, "a broken model must not look healthy")
  }

  /// The worst distance over floats that are spread evenly over the bit patterns up to `limit`, with either sign.
  private func worst(
    upTo limit: Float, _ function: (SIMD8<Float>) -> SIMD8<Float>, exact: (Double) -> Double
  ) -> (ulps: Double, x: Float) {
    var worst = (ulps: 0.0, x: Float(0))
    var lanes = SIMD8<Float>.zero
    for sign in [Float(1), -1] {
      var pattern: UInt32 = 0
      while Float(bitPattern: pattern) <= limit {
        for lane in 0..<8 {
          lanes[lane] = sign * Float(bitPattern: pattern)
          pattern += 1061
        }
        let actual = function(lanes)
        for lane in 0..<8 {
          let distance = ulps(actual[lane], exact(Double(lanes[lane])))
          if !(distance <= worst.ulps) { worst = (distance, lanes[lane]) }
        }
      }
    }
    return worst
  }

  @Test func errorFunctionIsWithinTwoUlps() {
    let found = worst(upTo: 6, errorFunction, exact: erf)
    #expect(found.ulps <= 2, "at \(found.x)")
  }

  @Test func hyperbolicTangentIsWithinTwoUlps() {
    let found = worst(upTo: 12, hyperbolicTangent, exact: tanh)
    #expect(found.ulps <= 2, "at \(found.x)")
    let extremes = hyperbolicTangent(SIMD8(-.infinity, -1e30, -0.0, 0, 20, 1e30, .infinity, .nan))
    #expect(extremes[0] == -1 && extremes[1] == -1 && extremes[2] == 0)
    #expect(extremes[4] == 1 && extremes[5] == 1 && extremes[6] == 1)
    #expect(extremes[7].isNaN, "a broken model must not look healthy")
  }

  @Test func errorFunctionOfTheExtremes() {
    let values = errorFunction(SIMD8(-.infinity, -5, -0.0, 0, 5, 1e30, .infinity, .nan))
    #expect(values[0] == -1 && values[1] == -1)
    #expect(values[4] == 1 && values[5] == 1 && values[6] == 1)
    #expect(values[2] == 0 && values[2].sign == .minus && values[3] == 0)
    #expect(values[7].isNaN, "a broken model must not look healthy")
  }

  @Test(arguments: 0...17) func errorFunctionHandlesEveryTail(count: Int) {
    let values = randomValues(17, 1, scale: 2).map { Float($0) }
    var actual = row(count, from: values)
    actual.withUnsafeMutableBufferPointer { row in
      guard let base = row.baseAddress else { return }
      FloatKernels.errorFunction(base, count: count, into: base)
    }
    for (x, value) in zip(values.prefix(count), actual) {
      #expect(ulps(value, erf(Double(x))) <= 2)
    }
    #expect(actual.dropFirst(count).allSatisfy { $0 == 123 })
  }

  @Test(arguments: 0...17) func exponentiateHandlesEveryTail(count: Int) {
    let values = randomValues(17, 1, scale: 8).map { Float($0) }
    let shift: Float = 20
    var actual = row(count, from: values)
    let sum = FloatKernels.exponentiate(&actual, count: count, shift: shift)
    let exact = values.prefix(count).map { exp(Double($0 - shift)) }
    #expect(zip(actual, exact).allSatisfy { ulps($0, $1) <= 1.5 })
    #expect(actual[count...].allSatisfy { $0 == 123 }, "nothing beyond the row is written")
    expectClose(Double(sum), exact.reduce(0, +), relative: 5e-7, "sum")
  }

  @Test(arguments: 0...17) func softmaxSumsHandleEveryTail(count: Int) {
    let values = randomValues(17, 1, scale: 8).map { Float($0) }
    let largest = values.prefix(count).max() ?? 0
    let sums = FloatKernels.softmaxSums(row(count, from: values), count: count, shift: largest)
    let moved = values.prefix(count).map { Double($0 - largest) }
    expectClose(Double(sums.sum), moved.reduce(0) { $0 + exp($1) }, relative: 5e-7, "sum")
    expectClose(
      Double(sums.weighted), moved.reduce(0) { $0 + $1 * exp($1) }, relative: 1e-6,
      absolute: 1e-30, "weighted sum")
  }

  @Test(arguments: 0...17) func sigmoidHandlesEveryTail(count: Int) {
    let values = randomValues(17, 1, scale: 8).map { Float($0) }
    var actual = [Float](repeating: 123, count: count + 9)
    FloatKernels.sigmoid(values, count: count, into: &actual)
    for (s, x) in zip(actual.prefix(count), values) {
      #expect(ulps(s, 1 / (1 + exp(-Double(x)))) <= 3)
    }
    #expect(actual[count...].allSatisfy { $0 == 123 }, "nothing beyond the row is written")
  }

  @Test func sigmoidIsWithinThreeUlpsOverTheWholeRange() {
    let values = (-8700...8700).map { Float($0) / 100 }
    var actual = [Float](repeating: 0, count: values.count)
    FloatKernels.sigmoid(values, count: values.count, into: &actual)
    var worst = (ulps: 0.0, x: Float(0))
    for (s, x) in zip(actual, values) {
      let distance = ulps(s, 1 / (1 + exp(-Double(x))))
      if !(distance <= worst.ulps) { worst = (distance, x) }
    }
    #expect(worst.ulps <= 3, "at \(worst.x)")

    let extremes: [Float] = [-.infinity, -1e30, -200, -89, 89, 200, 1e30, .infinity, .nan]
    var ends = [Float](repeating: 7, count: extremes.count)
    FloatKernels.sigmoid(extremes, count: extremes.count, into: &ends)
    #expect(ends[..<4].allSatisfy { $0 >= 0 && $0 < 1e-38 })
    #expect(ends[4..<8].allSatisfy { $0 == 1 })
    #expect(ends[8].isNaN)
  }

  /// Scores far below the maximum, −∞ among them, count as 0 in both types.
  @Test func maskedScoresCountAsZero() {
    func check<Scalar: ModelScalar>(_ type: Scalar.Type) {
      for count in [3, 8, 9, 12] {
        var masked = [Scalar](repeating: -1e30, count: count)
        masked[0] = 5
        masked[count - 1] = -.infinity
        let sums = Scalar.Kernels.softmaxSums(masked, count: count, shift: 5)
        #expect(sums.sum == 1 && sums.weighted == 0, "\(type), \(count) scores")
        let sum = Scalar.Kernels.exponentiate(&masked, count: count, shift: 5)
        #expect(sum == 1 && masked[0] == 1 && masked[1...].allSatisfy { $0 == 0 })
      }
    }
    check(Float.self)
    check(Double.self)
  }

  /// The padding of a tail must stay below the row, however low the row lies.
  @Test(arguments: [1, 7, 9]) func tailsOfHugeNegativeRows(count: Int) {
    let low = [Float](repeating: -1e32, count: count)
    let sums = FloatKernels.softmaxSums(low, count: count, shift: -1e32)
    #expect(sums.sum == Float(count) && sums.weighted == 0)
  }
}
