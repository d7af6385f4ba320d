import Analysis
import Foundation
import Testing

@Suite struct LexiconAgreementTests {
  private func agreement(
    _ texts: [String], _ first: ThoughtLexicon = Lexicons.seal,
    _ second: ThoughtLexicon = Lexicons.easySteer
  ) -> LexiconAgreement {
    var agreement = LexiconAgreement(first, second)
    for (cluster, text) in texts.enumerated() {
      let bytes = Array(text.utf8)
      agreement.add(
        ThoughtClassifier(first).thoughts(in: bytes),
        ThoughtClassifier(second).thoughts(in: bytes), of: bytes, cluster: cluster)
    }
    return agreement
  }

  @Test func kappaOfAKnownTableIsCohens() {
    // 2 reflection/reflection, 1 reflection/transition, 3 execution/execution, 1
    // execution/reflection.
    let result = agreement([
      "x\n\nWait\n\nverify\n\nlet me check another way\n\na",
      "x\n\nb\n\nc\n\nI wait",
    ])
    #expect(result.labels == ["reflection", "transition", "execution", "uncounted"])
    #expect(
      result.confusion == [
        2, 1, 0, 0,
        0, 0, 0, 0,
        1, 0, 3, 0,
        0, 0, 0, 0,
      ])
    #expect(abs(result.agreement.estimate - 5.0 / 7) < 1e-12)
    // Margins 3, 0, 4 and 3, 1, 3: e = (9 + 0 + 12) / 49.
    let chance = 21.0 / 49
    #expect(abs(result.kappa.estimate - (5.0 / 7 - chance) / (1 - chance)) < 1e-12)
    #expect(result.kappa.low <= result.kappa.estimate)
  }

  @Test func aLexiconAgreesWithItself() {
    let result = agreement(
      ["x\n\nWait\n\na", "x\n\nAlternatively\n\nb"], Lexicons.seal, Lexicons.seal)
    #expect(result.kappa.estimate == 1)
    #expect(result.pieceCount == 4)
  }

  @Test func whatOnlyOneCountsIsUncountedInTheOther() {
    let result = agreement(["<think>a\n\nWait</think>\n\nWait\n\nb"])
    let size = result.labels.count
    #expect(result.confusion[0] == 1)
    // After the end of thinking: a reflection and an execution of EasySteer's alone. The mark
    // itself, which ends its first reflection, is no piece.
    #expect(result.confusion[(size - 1) * size + 0] == 1)
    #expect(result.confusion[(size - 1) * size + 2] == 1)
    #expect(result.pieceCount == 3)
  }

  @Test func noPiecesIsNotANumber() {
    #expect(agreement(["one"]).kappa.estimate.isNaN)
    #expect(agreement([]).pieceCount == 0)
  }
}
