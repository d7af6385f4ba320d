import Statistics
import TestSupport
import Testing

@Suite struct DistributionTests {
  /// Reference values: mpmath 1.3 with 30 digits.
  @Test func studentQuantilesMatchTheTable() {
    let table: [(degrees: Double, at975: Double, at995: Double)] = [
      (1, 12.706204736174705, 63.656741162871581),
      (2, 4.3026527297494639, 9.9248432009182931),
      (3, 3.1824463052837096, 5.8409093097333573),
      (7, 2.3646242515927853, 3.4994832973504939),
      (23, 2.0686576104190487, 2.807335683769999),
      (49, 2.0095752371292397, 2.679951973631552),
      (399, 1.9659272959208821, 2.588207164030976),
    ]
    for row in table {
      let upper = StudentT.quantile(0.975, degrees: row.degrees)
      expectClose(upper, row.at975, relative: 1e-12, "t(0.975, \(row.degrees))")
      expectClose(
        StudentT.quantile(0.995, degrees: row.degrees), row.at995, relative: 1e-12,
        "t(0.995, \(row.degrees))")
      expectClose(StudentT.quantile(0.025, degrees: row.degrees), -upper, relative: 1e-12)
    }
    #expect(StudentT.quantile(0.5, degrees: 4) == 0)
    #expect(StudentT.quantile(1, degrees: 4) == .infinity)
  }

  @Test func studentCumulativeMatchesReferenceValuesAndInvertsTheQuantile() {
    let table = [
      (1.0, 0.81283295818900118), (2, 0.86380343755449946), (7, 0.91135075650501498),
      (49, 0.92998469068418226), (399, 0.93279738344974223),
    ]
    for (degrees, value) in table {
      expectClose(StudentT.cumulative(1.5, degrees: degrees), value, relative: 1e-13)
      expectClose(StudentT.cumulative(-1.5, degrees: degrees), 1 - value, relative: 1e-11)
      for probability in [1e-9, 0.01, 0.3, 0.7, 0.999] {
        let t = StudentT.quantile(probability, degrees: degrees)
        expectClose(
          StudentT.cumulative(t, degrees: degrees), probability, relative: 1e-10,
          "t \(degrees) degrees")
      }
    }
  }

  @Test func incompleteBetaMatchesReferenceValues() {
    let table = [
      (0.3, 2.0, 5.0, 0.579825), (0.9, 0.5, 10, 0.99999999998151973),
      (0.01, 0.7, 0.2, 0.010232446493580406), (0.5, 400, 390, 0.36092907365613628),
      (0.02, 3.5, 396.25, 0.97543531401561324),
    ]
    for (x, a, b, value) in table {
      expectClose(IncompleteBeta.value(x, a, b), value, relative: 1e-12, "I(\(x), \(a), \(b))")
    }
    // No success among 50: Clopper-Pearson's upper end is 1 − 0.025^(1/50).
    expectClose(IncompleteBeta.inverse(0.975, 1, 50), 0.071121736464197662, relative: 1e-12)
    #expect(IncompleteBeta.value(0, 2, 3) == 0)
    #expect(IncompleteBeta.value(1, 2, 3) == 1)
    #expect(IncompleteBeta.value(.nan, 2, 3).isNaN)
  }
}

@Suite struct HolmTests {
  /// R: p.adjust(c(.01, .04, .03, .005), "holm").
  @Test func valuesAreThoseOfR() {
    expectClose(
      Holm.adjusted([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02], relative: 1e-12)
    let withGap = Holm.adjusted([0.01, .nan, 0.9])
    expectClose([withGap[0], withGap[2]], [0.02, 0.9], relative: 1e-12)
    #expect(withGap[1].isNaN && Holm.adjusted([0.8, 0.7]) == [1, 1])
  }
}
