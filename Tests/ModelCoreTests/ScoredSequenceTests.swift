import ModelCore
import TestSupport
import Testing

@Suite struct ScoredSequenceTests {
  private static let model = Transformer<Double>.random(
    Shape(family: .qwen3, tied: true).configuration())
  private static let full = ScoredSequence.random(
    context: 3, response: 9, vocabulary: model.configuration.vocabularySize, label: 6)

  @Test(arguments: [[0], [8], [2, 3, 7], [0, 4, 8], Array(0..<9)])
  func anySetOfTokensHasTheScoresOfTheWhole(places: [Int]) {
    let some = ScoredSequence(
      context: Self.full.context, response: Self.full.response, scored: places)
    #expect(some.scoredPositions == places && some.scoredCount == places.count)
    #expect(some.firstScored == places[0])
    #expect(some.rowCount == 3 + (places.last ?? 0), "what follows the last scored one stays out")
    let packed = PackedSequences([some])
    #expect(packed.targets == places.map { Self.full.response[$0] })
    let scores = Workspace(Self.model).score(packed)
    let all = Workspace(Self.model).score(PackedSequences([Self.full]))
    expectClose(
      scores.logProbabilities, places.map { all.logProbabilities[$0] }, absolute: 1e-12)
    expectClose(scores.entropies, places.map { all.entropies[$0] }, absolute: 1e-12)
  }

  @Test func aSuffixIsTheSameHoweverItIsNamed() {
    let (context, response) = (Self.full.context, Self.full.response)
    let suffix = PackedSequences([
      ScoredSequence(context: context, response: response, firstScored: 4)
    ])
    let places = PackedSequences([
      ScoredSequence(context: context, response: response, scored: Array(4..<9))
    ])
    #expect(suffix.tokens == places.tokens && suffix.scoredRows == places.scoredRows)
    #expect(suffix.targets == places.targets && suffix.positions == places.positions)
  }

  @Test func afterAnEmptyContextTheFirstTokenIsNotScored() {
    let sequence = ScoredSequence(context: [], response: [1, 2, 3], scored: [0, 2])
    #expect(sequence.scoredPositions == [2])
    #expect(ScoredSequence(context: [], response: [1, 2, 3]).scoredPositions == [1, 2])
    #expect(ScoredSequence(context: [], response: [1]).scoredCount == 0)
  }
}
