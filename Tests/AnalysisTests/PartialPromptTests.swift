import Analysis
import KeyedRandom
import ModelCore
import Tasks
import TestSupport
import Testing

@Suite struct PartialPromptTests {
  private static let model: Transformer<Double> = {
    let model = Transformer<Double>(
      ModelConfiguration(
        family: .qwen3, vocabularySize: 13, hiddenSize: 8, feedForwardSize: 12, layerCount: 2,
        headCount: 2, keyValueHeadCount: 1, headDimension: 4, maximumPositions: 64))
    model.initialize(RandomKey(seed: 11))
    return model
  }()

  private static func rows(
    prompt: [Int32], nullContext: [Int32] = [1], controls: [String] = [PartialPrompt.name]
  ) -> SampleAlignment {
    let plan = AlignmentPlan(
      rollouts: [
        Rollout(
          id: "a", problemID: "a", cluster: "a", promptTokens: prompt, responseTokens: [4, 5, 6, 2])
      ],
      options: AlignmentOptions(
        nullContext: NullContext(name: "n", tokens: nullContext), controls: controls),
      vocabularySize: 13)
    return SampleAligner(plan: plan, models: AlignmentModels(model)).measure(0)
  }

  @Test func theWholePromptIsTheConditionalItself() throws {
    let rows = Self.rows(prompt: [1, 7, 8, 9, 10, 11, 12, 3, 4, 5])
    #expect(rows.controls.count == 8)
    let whole = try #require(rows.controls.last)
    let main = rows.pair.summary(.mean)
    // The same products, summed in another order.
    expectClose(whole.cosine, 1, absolute: 1e-12, "cosine with itself")
    expectClose(whole.normMarginal, main.normConditional, relative: 1e-12, "norm")
    expectClose(whole.gap, 0, absolute: 1e-13, "gap")
  }

  /// A part of the prompt is a null context like any other: run with it as the null context.
  @Test(arguments: [(1, 2), (3, 4), (7, 9)])
  func aPartIsTheRunWithThatNullContext(step: Int, count: Int) throws {
    let prompt: [Int32] = [1, 7, 8, 9, 10, 11, 12, 3, 4, 5]
    let part = Self.rows(prompt: prompt).controls[step - 1]
    let main = Self.rows(prompt: prompt, nullContext: Array(prompt.prefix(count)), controls: [])
      .pair.summary(.mean)
    // One packed product may give equal rows at different places different last bits.
    expectClose(part.stored, main.stored, relative: 1e-12, "stored numbers")
  }

  @Test func aPromptOfOneTokenHasItInEveryStep() {
    let rows = Self.rows(prompt: [1])
    for row in rows.controls { expectClose(row.cosine, 1, absolute: 1e-12, "the whole prompt") }
  }

  @Test func allDoesNotMeasureIt() {
    #expect(!AlignmentControls.named(["all"]).contains { $0.name == PartialPrompt.name })
    #expect(AlignmentControls.named(["partial-prompt"]).map { $0.name } == ["partial-prompt"])
  }
}
