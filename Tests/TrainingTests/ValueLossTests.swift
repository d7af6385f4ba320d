import Foundation
import KeyedRandom
import TestSupport
import Testing
import Training

@Suite struct ValueLossTests {
  @Test func theLimitHoldsAValueThatMovedFarTowardsItsReturn() {
    let loss = ValueLoss(clipRange: 0.2)
    // Within the limit: plain squared error.
    let near = loss.token(value: 0.6, old: 0.5, target: 1)
    expectClose(near.loss, 0.08, absolute: 1e-15)
    expectClose(near.slope, -0.4, absolute: 1e-15)
    // Moved by 0.4 towards the return: held at 0.7, and no longer pulled.
    let far = loss.token(value: 0.9, old: 0.5, target: 1)
    expectClose(far.loss, 0.045, absolute: 1e-15)
    #expect(far.slope == 0 && far.isClipped)
    // Moved by 0.4 away from the return: pulled back.
    let away = loss.token(value: 0.1, old: 0.5, target: 1)
    expectClose(away.loss, 0.405, absolute: 1e-15)
    expectClose(away.slope, -0.9, absolute: 1e-15)
    #expect(!away.isClipped)
    let free = ValueLoss().token(value: 0.9, old: 0.5, target: 1)
    expectClose(free.slope, -0.1, absolute: 1e-15)
  }

  @Test func itsSlopeIsItsDerivative() {
    let loss = ValueLoss(clipRange: 0.3)
    for value in stride(from: -1.03, through: 2, by: 0.11) {
      func at(_ value: Double) -> Double { loss.token(value: value, old: 0.4, target: 0.9).loss }
      let slope = (at(value + 1e-5) - at(value - 1e-5)) / 2e-5
      expectClose(
        loss.token(value: value, old: 0.4, target: 0.9).slope, slope, absolute: 1e-9, "at \(value)")
    }
  }
}

@Suite struct KLEstimatorTests {
  /// Two distributions over four words, the first given by its logits.
  private static let logits = [0.3, -1.1, 0.8, 0.1]
  private static let reference = [0.1, 0.2, 0.3, 0.4]

  private static func policy(_ logits: [Double]) -> [Double] {
    let odds = logits.map { exp($0) }
    return odds.map { $0 / odds.reduce(0, +) }
  }

  private static func divergence(_ p: [Double], _ q: [Double]) -> Double {
    zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
  }

  /// E_π[f(d)] by enumeration.
  private static func mean(_ value: (Double) -> Double) -> Double {
    zip(policy(logits), reference).reduce(0) { $0 + $1.0 * value(log($1.0 / $1.1)) }
  }

  @Test func k1AndK3AreUnbiased() {
    let exact = Self.divergence(Self.policy(Self.logits), Self.reference)
    expectClose(Self.mean(KLEstimator.k1.value), exact, absolute: 1e-14)
    expectClose(Self.mean(KLEstimator.k3.value), exact, absolute: 1e-14)
    #expect(abs(Self.mean(KLEstimator.k2.value) - exact) > 0.005)
    for estimator in [KLEstimator.k2, .k3] {
      #expect(stride(from: -3, through: 3, by: 0.25).allSatisfy { estimator.value($0) >= 0 })
    }
  }

  @Test(arguments: KLEstimator.allCases) func slopesAreDerivatives(estimator: KLEstimator) {
    for d in stride(from: -2.0, through: 2, by: 0.37) {
      let slope = (estimator.value(d + 1e-5) - estimator.value(d - 1e-5)) / 2e-5
      expectClose(estimator.slope(d), slope, absolute: 1e-8)
    }
  }

  /// As a loss only k2 has the gradient of KL(π ‖ π_ref); k1 has none in expectation, k3 that of
  /// KL(π_ref ‖ π).
  @Test func onlyK2HasTheGradientOfTheDivergence() {
    let p = Self.policy(Self.logits)
    func expected(_ estimator: KLEstimator) -> [Double] {
      p.indices.map { logit in
        p.indices.reduce(0) { sum, word in
          let slope = (word == logit ? 1 : 0) - p[logit]
          return sum + p[word] * estimator.slope(log(p[word] / Self.reference[word])) * slope
        }
      }
    }
    func gradient(_ value: ([Double]) -> Double) -> [Double] {
      p.indices.map { logit in
        func moved(_ step: Double) -> Double {
          var logits = Self.logits
          logits[logit] += step
          return value(Self.policy(logits))
        }
        return (moved(1e-5) - moved(-1e-5)) / 2e-5
      }
    }
    expectClose(
      expected(.k2), gradient { Self.divergence($0, Self.reference) }, absolute: 1e-9)
    expectClose(expected(.k1), [0, 0, 0, 0], absolute: 1e-14)
    expectClose(
      expected(.k3), gradient { Self.divergence(Self.reference, $0) }, absolute: 1e-9)
  }
}
