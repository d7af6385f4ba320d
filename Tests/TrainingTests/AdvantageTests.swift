import Tasks
import TestSupport
import Testing
import Training

@Suite struct AdvantageTests {
  /// The computed mean of these is not the reward itself, and a deviation of rounding errors would
  /// be blown up to advantages of order one.
  @Test(arguments: [0.1, 1.0 / 3, 0.7, 1e-300, 1]) func equalRewardsHaveAdvantageExactlyZero(
    reward: Double
  ) {
    for scheme in AdvantageScheme.allCases where scheme.usesGroupBaseline {
      for count in [2, 3, 7, 8, 10] {
        let advantages = scheme.advantages(of: Array(repeating: reward, count: count))
        #expect(advantages == Array(repeating: 0, count: count), "\(scheme)")
      }
    }
  }

  @Test func leaveOneOutIsCenteredTimesGroupSizeOverOneLess() {
    let rewards = [0, 1, 0.25, 1, 0, 0.5, 0.125]
    let centered = AdvantageScheme.groupCentered.advantages(of: rewards)
    expectClose(
      AdvantageScheme.leaveOneOut.advantages(of: rewards), centered.map { $0 * 7 / 6 },
      absolute: 1e-15)
    expectClose(centered.reduce(0, +), 0, absolute: 1e-15)
  }

  /// By hand: mean 1/4, squares 3/4, std 1/2.
  @Test func standardizedUsesTheDeviationOfASample() {
    expectClose(
      AdvantageScheme.groupStandardized.advantages(of: [1, 0, 0, 0]),
      [0.75, -0.25, -0.25, -0.25].map { $0 / (0.5 + 1e-6) }, absolute: 1e-15)
  }

  @Test func rawHasNoBaseline() {
    #expect(AdvantageScheme.raw.advantages(of: [1, 1, 1]) == [1, 1, 1])
    #expect(AdvantageScheme.raw.advantages(of: [0, 0.5]) == [-1, -1])
  }

  @Test func batchNormalisationSeesAllGroupsAndEqualRewardsAreZero() throws {
    let plain = try algorithm(#""algorithm": "reinforce++""#)
    func group(_ rewards: [Double]) -> RolloutGroup {
      RolloutGroup(
        rewards.map { RewardedRollout(prompt: [1], response: [3, 2], ended: true, reward: $0) })
    }
    // Mean 1/4, std 1/2 over both groups; within each group rewards are equal.
    let advantages = plain.objective(of: [group([1]), group([0, 0, 0])], step: 1).advantages
      .map { $0[0] }
    expectClose(advantages, [1.5, -0.5, -0.5, -0.5], relative: 1e-7)
    let equal = plain.objective(of: [group([0.1]), group([0.1, 0.1])], step: 1)
    #expect(equal.advantages == [.rollout(0), .rollout(0), .rollout(0)])
  }

  @Test func weightsOfEveryAggregationHaveTheBatchesDenominators() {
    let lengths = [3, 0, 5, 2]
    func weights(_ aggregation: LossAggregation) -> [Double] {
      aggregation.tokenWeights(lengths: lengths)
    }
    expectClose(weights(.tokenMean), [0.1, 0, 0.1, 0.1], absolute: 1e-16)
    expectClose(
      weights(.sequenceMeanTokenMean), [1.0 / 9, 0, 1.0 / 15, 1.0 / 6], absolute: 1e-16)
    expectClose(weights(.sequenceMeanTokenSum), [1, 0, 1, 1].map { $0 / 3 }, absolute: 1e-16)
    #expect(LossAggregation.tokenMean.tokenWeights(lengths: [0, 0]) == [0, 0])
  }
}
