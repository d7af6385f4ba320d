import Foundation
import TestSupport
import Testing
import Training

@Suite struct ClippedSurrogateTests {
  private static let clip = ClippedSurrogate(low: 0.2, high: 0.3, dual: 3)

  /// Ratio, advantage, objective, whether it has a slope, and what holds it.
  @Test(arguments: [
    (1.0, 2.0, 2.0, true, ClippedSurrogate.Region.free), (1, -2, -2, true, .free),
    (1.29, 1, 1.29, true, .free), (1.31, 1, 1.3, false, .high),
    (0.5, 1, 0.5, true, .free),  // a good token that became rare is pulled back
    (0.81, -1, -0.81, true, .free), (0.79, -1, -0.8, false, .low),
    (2.9, -1, -2.9, true, .free),  // a bad token that became likely is pushed down
    (3.1, -1, -3, false, .dual), (50, 0, 0, true, .free),
  ])
  func eachRegionHasItsObjectiveAndSlope(
    ratio: Double, advantage: Double, objective: Double, hasSlope: Bool,
    region: ClippedSurrogate.Region
  ) {
    let token = Self.clip.token(advantage: advantage, logProbability: log(ratio) - 1, old: -1)
    expectClose(token.objective, objective, absolute: 1e-12)
    expectClose(token.slope, hasSlope ? ratio * advantage : 0, absolute: 1e-12)
    #expect(token.region == region)
  }

  @Test func slopesAreTheDerivatives() {
    for advantage in [-1.7, 0.6] {
      for ratio in [0.3, 0.7, 0.9, 1.1, 1.5, 2.5, 4] {
        let point = log(ratio)
        checkGradient(
          of: {
            Self.clip.token(advantage: advantage, logProbability: $0[0], old: 0).objective
          }, at: [point],
          gradient: [Self.clip.token(advantage: advantage, logProbability: point, old: 0).slope])
      }
    }
  }

  @Test func withoutADualLimitLargeRatiosGoOnCosting() {
    let token = ClippedSurrogate().token(advantage: -1, logProbability: log(9.0), old: 0)
    #expect(token.region == .free)
    expectClose(token.objective, -9, absolute: 1e-12)
  }
}
