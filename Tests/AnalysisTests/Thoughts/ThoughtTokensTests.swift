import Analysis
import KeyedRandom
import Statistics
import Testing

@Suite struct ThoughtTokensTests {
  @Test func sumsGoToTheKindAndItsFirstTokens() {
    var tokens = ThoughtTokens(kindCount: 2)
    for cluster in 0..<3 {
      tokens.add(
        ThoughtTokens.Values(
          logMarginal: [.nan, -1, -2, -3, -4], logConditional: [-1, -2, -2, -1, -4],
          entropyMarginal: [0, 1, 2, 3, 4], entropyConditional: [9, 8, 7, 6, 5],
          innerProduct: [0, 2, 4, -1, 5]),
        kinds: [0, 0, 0, 1, nil], openings: [true, false, true, true, false], cluster: cluster)
    }
    let rows = tokens.rows
    #expect(rows.map(\.tokenCount) == [6, 3, 3, 3])
    #expect(rows[0].gap.value == 0.5)
    #expect(rows[0].difference.value == 0.5)
    #expect(rows[0].entropyConditional.value == 7.5)
    #expect(rows[0].entropyMarginal.value == 1.5)
    #expect(rows[0].tokenShare.value == 0.5)
    #expect(rows[0].innerProductShare.value == 0.6)
    #expect(rows[1].innerProductShare.value == -0.1)
    #expect(rows[2].gap.value == 0)
    #expect(tokens.hasProducts)
    let bootstrap = BootstrapT(key: RandomKey(seed: 0), replicates: 100)
    #expect(rows[1].gap.difference(from: rows[0].gap, bootstrap).estimate == 1.5)
  }

  @Test func withoutProductsThereAreNoShares() {
    var tokens = ThoughtTokens(kindCount: 1)
    tokens.add(
      ThoughtTokens.Values(
        logMarginal: [-1], logConditional: [-1], entropyMarginal: [0], entropyConditional: [0],
        innerProduct: []), kinds: [0], openings: [true], cluster: 0)
    #expect(!tokens.hasProducts)
    #expect(tokens.rows[0].innerProductShare.value.isNaN)
  }
}
