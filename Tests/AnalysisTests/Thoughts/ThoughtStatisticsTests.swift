import Analysis
import KeyedRandom
import Statistics
import TestSupport
import Testing

@Suite struct ThoughtStatisticsTests {
  private let bootstrap = BootstrapT(key: RandomKey(seed: 3), replicates: 400)

  /// Two kinds; 12 clusters of two problems with two responses each.
  private func table(_ count: (Int) -> Int = { $0 % 3 }) -> ThoughtTable {
    var table = ThoughtTable(kindCount: 2)
    for row in 0..<48 {
      table.append(
        cluster: row / 4, problem: row / 2, length: 10 * (row % 4 + 1),
        reward: row % 8 == 7 ? nil : row % 2 == 0 ? 1 : 0, counts: [count(row), 0])
    }
    return table
  }

  @Test func ratesAreRatiosOfTotals() throws {
    let strata = ThoughtStratum.strata(table(), bootstrap: bootstrap)
    let all = strata[0]
    #expect(all.responseCount == 48)
    #expect(all.clusterCount == 12)
    #expect(all.tokenCount == 1200)
    #expect(all.kinds[0].count == 48)
    #expect(all.kinds[0].responses == 32)
    #expect(all.kinds[0].perResponse.estimate == 1)
    #expect(all.kinds[0].perThousandTokens.estimate == 40)
    #expect(all.kinds[0].perResponse.low < 1 && all.kinds[0].perResponse.high > 1)
    // 24 right ones of the 42 with a reward.
    #expect(abs(all.accuracy.estimate - 24.0 / 42) < 1e-12)
    #expect(strata[1].responseCount == 24)
    #expect(strata[2].responseCount == 18)
    #expect(strata[1].accuracy.estimate == 1)
  }

  @Test func fewClustersGiveNoImpossibleRatesOrAccuracies() {
    var table = ThoughtTable(kindCount: 1)
    for cluster in 0..<3 {
      table.append(
        cluster: cluster, problem: cluster, length: 10, reward: cluster == 0 ? 0 : 1,
        counts: [cluster == 0 ? 1 : 0])
    }
    let all = ThoughtStratum.strata(table, bootstrap: bootstrap)[0]
    #expect(all.accuracy.low >= 0 && all.accuracy.high == 1)
    #expect(all.kinds[0].perResponse.low == 0 && all.kinds[0].perResponse.high > 1)
    #expect(all.kinds[0].perThousandTokens.low == 0)
  }

  @Test func aProblemWeighsTheSameWhateverItsNumberOfResponses() {
    var table = ThoughtTable(kindCount: 1)
    for _ in 0..<9 { table.append(cluster: 0, problem: 0, length: 1, reward: 1, counts: [4]) }
    table.append(cluster: 1, problem: 1, length: 1, reward: 1, counts: [0])
    let kind = ThoughtStratum.strata(table, bootstrap: bootstrap)[0].kinds[0]
    #expect(abs(kind.perResponse.estimate - 3.6) < 1e-12)
    #expect(kind.perProblem.estimate == 2)
  }

  @Test func quartersOfLengthKeepEqualLengthsTogetherAndCoverAll() {
    let strata = ThoughtStratum.strata(table(), bootstrap: bootstrap)
    #expect(strata[3...].map(\.responseCount) == [12, 12, 12, 12])
    #expect(strata[3...].map(\.responseLength.estimate) == [10, 20, 30, 40])
    var equal = ThoughtTable(kindCount: 1)
    for row in 0..<10 {
      equal.append(
        cluster: row, problem: row, length: row < 8 ? 5 : 6, reward: nil, counts: [1])
    }
    let quarters = ThoughtStratum.strata(equal, bootstrap: bootstrap)[3...]
    #expect(quarters.map(\.responseCount) == [8, 0, 0, 2])
  }

  @Test func aKindThatNeverOccursHasAnUpperEndAboveZero() {
    let kind = ThoughtStratum.strata(table(), bootstrap: bootstrap)[0].kinds[1]
    #expect(kind.count == 0)
    #expect(kind.perResponse.estimate == 0 && kind.perResponse.low == 0)
    // "None in 12 clusters": at most 1 − .025^(1/12).
    #expect(abs(kind.perResponse.high - 0.2646) < 1e-3)
    #expect(kind.perThousandTokens.high > 0)
  }

  @Test func anEmptyTableGivesNoNumbersAndDoesNotTrap() {
    let strata = ThoughtStratum.strata(ThoughtTable(kindCount: 2), bootstrap: bootstrap)
    #expect(strata[0].responseCount == 0)
    #expect(strata[0].kinds[0].perResponse.estimate.isNaN)
  }

  // MARK: - Fold change

  @Test func foldChangeIsTheRatioOfRatesWithTheCountsItRestsOn() {
    let changes = ThoughtFoldChange.changes(
      from: table(), to: table { 2 * ($0 % 3) + $0 % 2 }, bootstrap: bootstrap)
    #expect(changes[0].baseCount == 48)
    #expect(changes[0].count == 120)
    #expect(abs(changes[0].perResponse.estimate - 2.5) < 1e-12)
    #expect(abs(changes[0].perThousandTokens.estimate - 2.5) < 1e-12)
    #expect(abs(changes[0].difference.estimate - 1.5) < 1e-12)
    #expect(changes[0].perResponse.low < 2.5 && changes[0].perResponse.high > 2.5)
    // Never in either: no ratio, but a difference.
    #expect(changes[1].perResponse.estimate.isNaN)
    #expect(changes[1].difference.estimate == 0)
  }

  @Test func runsOnTheSameClustersArePaired() {
    // Clusters differ widely, but each nearly doubles: paired, the fold is nearly certain.
    func table(_ factor: Int, first: Int = 0, odd: Int = 0) -> ThoughtTable {
      var table = ThoughtTable(kindCount: 1)
      for row in 0..<20 {
        table.append(
          cluster: first + row, problem: first + row, length: 10, reward: nil,
          counts: [factor * (1 + row % 7) + (row % 2) * odd])
      }
      return table
    }
    func change(to other: ThoughtTable) -> ThoughtFoldChange {
      ThoughtFoldChange.changes(from: table(1), to: other, bootstrap: bootstrap)[0]
    }
    func width(_ interval: Interval) -> Double { interval.high - interval.low }
    let paired = change(to: table(2, odd: 1))
    let unpaired = change(to: table(2, first: 20, odd: 1))
    #expect(paired.perResponse.estimate == unpaired.perResponse.estimate)
    #expect(width(paired.perResponse) < width(unpaired.perResponse) / 4)
    #expect(width(paired.difference) > 0.1)
    // Every cluster exactly doubled: no spread to make an interval of.
    let exact = change(to: table(2))
    #expect(abs(exact.perResponse.estimate - 2) < 1e-12)
    #expect(!(width(exact.perResponse) > 1e-9))
  }

  @Test func intervalsOfFoldChangesCoverAtTheirNominalRate() {
    // Skewed counts in 30 clusters a run, fold 3, no cluster in common.
    let rate = coverage(of: 3, trials: 400, seed: 11) { key in
      var random = key.derive(1).generator()
      func table(_ rate: Double, from first: Int) -> ThoughtTable {
        var table = ThoughtTable(kindCount: 1)
        for cluster in first..<first + 30 {
          let own = rate * (0.5 + random.uniform())
          for _ in 0..<4 {
            let count = (0..<8).count { _ in random.uniform() < own / 8 }
            table.append(
              cluster: cluster, problem: cluster, length: 1, reward: nil, counts: [count])
          }
        }
        return table
      }
      return ThoughtFoldChange.changes(
        from: table(0.3, from: 0), to: table(0.9, from: 30),
        bootstrap: BootstrapT(key: key.derive(2), replicates: 300))[0].perResponse
    }
    #expect(0.92...0.98 ~= rate, "binomial: 95% ± 3 × 1.1%; is \(rate)")
  }

  @Test func manyClustersAreNotDrawnAndAgreeWithDrawing() {
    func ratio(_ count: Int) -> ClusteredRatio {
      var ratio = ClusteredRatio()
      for cluster in 0..<count { ratio.add(Double(cluster % 5), per: 1, cluster: cluster) }
      return ratio
    }
    let drawn = ratio(2000).mean(BootstrapT(key: RandomKey(seed: 1)))
    let formula = ratio(2005).mean(BootstrapT(key: RandomKey(seed: 1)))
    #expect(abs(drawn.low - formula.low) < 0.01 && abs(drawn.high - formula.high) < 0.01)
    #expect(formula.high - formula.low > 0.1)
  }
}
