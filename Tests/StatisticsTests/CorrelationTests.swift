import KeyedRandom
import Statistics
import TestSupport
import Testing

@Suite struct CorrelationTests {
  @Test func ranksAreSharedByEqualValues() {
    #expect(Correlation.spearman([1, 2, 3, 4], [10, 100, 1000, 1001]) == 1)
    #expect(Correlation.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == -1)
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / √(4.5 · 5).
    expectClose(
      Correlation.spearman([1, 5, 5, 9], [1, 2, 3, 4]), (4.5 / 5).squareRoot(), absolute: 1e-15,
      "ties")
    #expect(Correlation.pearson([1, 1, 1], [1, 2, 3]).isNaN)
    expectClose(Correlation.pearson([0, 1, 2], [0, 1, 0]), 0, absolute: 1e-15, "no trend")
  }

  /// Units of variance 1 in parts of noise variance 4: the mean of eight parts has reliability 1 / (1 + 4/8).
  @Test func reliabilityIsThatOfTheWhole() {
    var random = RandomKey(seed: 5).generator()
    let parts = (0..<20_000).map { _ in
      let own = random.normal()
      return (0..<8).map { _ in own + 2 * random.normal() }
    }
    expectClose(Correlation.reliability(parts), 1 / 1.5, absolute: 0.01, "reliability")
    let noise = (0..<20_000).map { _ in (0..<8).map { _ in random.normal() } }
    expectClose(Correlation.reliability(noise), 0, absolute: 0.04, "noise")
    #expect(Correlation.reliability([[1, 2], [2, 1]]).isNaN)
    #expect(Correlation.reliability([[1], [2], [3]]).isNaN)
  }

  /// Student's 0.975 quantile with two degrees of freedom is 4.302653.
  @Test func studentsMeanHasItsInterval() {
    let interval = StudentMean(of: 3).interval([1, 2, 3])
    #expect(interval.estimate == 2)
    expectClose(interval.high - 2, 4.302653 / 3.squareRoot(), absolute: 1e-6, "reach")
    expectClose(2 - interval.low, interval.high - 2, absolute: 1e-12, "symmetric")
    #expect(StudentMean(of: 1).interval([7]).low.isNaN)
  }
}
