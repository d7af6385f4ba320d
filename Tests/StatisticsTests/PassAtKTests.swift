import Statistics
import TestSupport
import Testing

@Suite struct PassAtKTests {
  @Test func passAtKIsTheShareOfSubsetsWithARightOne() {
    let rollouts = 7
    for right in 0...rollouts {
      for k in 1...rollouts {
        // Every subset of size k; the first `right` rollouts are the right ones.
        var subsets = 0
        var solved = 0
        for mask in 0..<(1 << rollouts) where mask.nonzeroBitCount == k {
          subsets += 1
          if mask & ((1 << right) - 1) != 0 { solved += 1 }
        }
        expectClose(
          PassAtK.pass(right: right, rollouts: rollouts, k: k), Double(solved) / Double(subsets),
          absolute: 1e-14, "c = \(right), k = \(k)")
      }
    }
    #expect(PassAtK.pass(right: 1, rollouts: 4, k: 5).isNaN)
    expectClose(PassAtK.pass(right: 1, rollouts: 100_000, k: 1), 1e-5, relative: 1e-9)
  }

  @Test func averageAtKIsTheMeanRewardAndNeedsKRollouts() {
    #expect(PassAtK.average(rewards: [1, 0, 0.5, 0.5], k: 2) == 0.5)
    #expect(PassAtK.average(rewards: [1], k: 2).isNaN)
  }
}
