import ModelCore
import TestSupport
import Testing

@Suite struct TangentTests {
  /// The forward-mode derivatives along g_c, summed over tokens, are the backward's inner product.
  @Test(arguments: Golden.names)
  func tokenDerivativesSumToTheInnerProduct(name: String) throws {
    let golden = try Golden(name)
    let model = try Transformer<Double>(directory: golden.directory)
    // Without a budget every layer is computed again on the way up.
    for budget in [0, 512 << 20] {
      let workspace = Workspace(model, activationBudget: budget)
      for (index, sample) in golden.samples.enumerated() {
        let count = sample.marginal.scoredCount
        let coefficients = [Double](repeating: 1 / Double(count), count: count)
        var gradient = GradientBuffer<Double>(model.layout)
        var batch = PackedSequences()
        batch.append(sample.conditional)
        _ = workspace.score(batch)
        workspace.accumulateGradient(coefficients: coefficients, into: &gradient)

        batch = PackedSequences()
        batch.append(sample.marginal)
        _ = workspace.score(batch)
        let derivatives = workspace.tokenDerivatives(along: gradient)
        #expect(derivatives.count == count)
        let scale =
          (sample.squaredNormMarginal * sample.squaredNormConditional).squareRoot()
        expectClose(
          derivatives.reduce(0, +) / Double(count), sample.innerProduct, absolute: 1e-11 * scale,
          "\(name) sample \(index)")
      }
    }
  }
}
