import Foundation
import KeyedRandom
import Statistics
import TestSupport
import Testing

@Suite struct BestOfNTests {
  /// A mean over all choices of n, ties broken uniformly.
  private func enumerated(_ values: [Double], _ scores: [Double], n: Int) -> Double {
    var (sum, choices) = (0.0, 0.0)
    for mask in 0..<(1 << values.count) where mask.nonzeroBitCount == n {
      let chosen = values.indices.filter { mask >> $0 & 1 == 1 }
      let highest = chosen.map { scores[$0] }.max() ?? 0
      let best = chosen.filter { scores[$0] == highest }
      sum += best.reduce(0) { $0 + values[$1] } / Double(best.count)
      choices += 1
    }
    return sum / choices
  }

  @Test(arguments: 1...9) func theMeanIsThatOfAllChoices(n: Int) {
    let values = [3, -1, 4, 1.5, -9, 2, 6, 5, 0.5]
    for scores in [
      [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 2, 2, 2, 0, 0, 3, 3], Array(repeating: 7.0, count: 9),
    ] as [[Double]] {
      expectClose(
        BestOfN.mean(of: values, by: scores, n: n), enumerated(values, scores, n: n),
        absolute: 1e-12)
    }
    #expect(BestOfN.mean(of: values, by: values, n: 9) == 6)
    #expect(BestOfN.mean(of: values, by: values, n: 10).isNaN)
  }

  /// A reward of 0 or 1, right with .4.
  @Test(arguments: [(8, 0.824187, 1.204442), (64, 0.916291, 3.174508), (1, 0, 0)])
  func aBinaryRewardHasItsDivergence(n: Int, divergence: Double, bound: Double) {
    expectClose(BestOfN.divergence(of: [0, 0, 0, 1, 1], n: n), divergence, absolute: 5e-7)
    expectClose(BestOfN.divergenceBound(n: n), bound, absolute: 5e-7)
  }

  @Test func withoutTiesTheBoundIsReached() {
    var generator = RandomKey(seed: 1).generator()
    let scores = (0..<20_000).map { _ in generator.uniform() }
    for n in [2, 4, 16] {
      expectClose(
        BestOfN.divergence(of: scores, n: n), BestOfN.divergenceBound(n: n), absolute: 1e-3)
    }
    #expect(BestOfN.divergence(of: [2, 2, 2], n: 5) == 0)
    // At most log N.
    expectClose(BestOfN.divergence(of: [1, 2, 3, 4], n: 1000), log(4), absolute: 1e-9)
  }
}
