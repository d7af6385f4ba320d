import ModelCore
import Safetensors
import TestSupport
import Testing

/// Both routes against an independent all-float64 decoder differentiated by autograd.
@Suite struct ParityTests {
  @Test(arguments: Golden.names, [ProductMethod.auto, .gram, .materialized])
  func doubleMatchesTheReference(name: String, method: ProductMethod) throws {
    try check(Double.self, name, method, cosineTolerance: 1e-9)
  }

  @Test(arguments: Golden.names, [ProductMethod.auto, .gram, .materialized])
  func floatMatchesTheReference(name: String, method: ProductMethod) throws {
    try check(Float.self, name, method, cosineTolerance: 2e-5)
  }

  /// A base with a LoRA adapter of PEFT's, of matrices as usual and of transposed ones.
  @Test(arguments: [("lora-qwen3", "qwen3-tied"), ("lora-gpt2", "gpt2")])
  func adaptersMatchTheReference(name: String, base: String) throws {
    let golden = try Golden(name)
    func model<Scalar: ModelScalar>(_: Scalar.Type) throws -> Transformer<Scalar> {
      let model = try Transformer<Scalar>(directory: Golden(base).directory)
      let before = model.values
      let adapter = try LowRankAdapter(directory: golden.directory)
      #expect(try model.add(adapter).count == (base == "gpt2" ? 4 : 9))
      #expect(model.values != before)
      return model
    }
    try check(model(Double.self), golden, name, .auto, cosineTolerance: 1e-9)
    try check(model(Float.self), golden, name, .auto, cosineTolerance: 2e-5)
  }

  /// Cosine within the tolerance; norms (relative), log-probabilities and entropies within 20 times.
  private func check<Scalar: ModelScalar>(
    _ type: Scalar.Type, _ name: String, _ method: ProductMethod, cosineTolerance: Double
  ) throws {
    let golden = try Golden(name)
    try check(
      Transformer<Scalar>(directory: golden.directory), golden, name, method,
      cosineTolerance: cosineTolerance)
  }

  private func check<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, _ golden: Golden, _ name: String, _ method: ProductMethod,
    cosineTolerance: Double
  ) throws {
    let workspace = Workspace(model)
    let loose = 20 * cosineTolerance
    for (index, sample) in golden.samples.enumerated() {
      let batch = PackedSequences(first: sample.marginal, second: sample.conditional)
      let scores = workspace.score(batch)
      let label = "\(name) sample \(index)"
      expectClose(
        scores.logProbabilities, sample.logMarginal + sample.logConditional, absolute: loose,
        "\(label) log-probabilities")
      expectClose(
        scores.entropies, sample.entropyMarginal + sample.entropyConditional, absolute: loose,
        "\(label) entropies")

      let count = sample.marginal.scoredCount
      let products = workspace.gradientProducts(
        coefficients: Array(repeating: 1 / Scalar(count), count: 2 * count), method: method)
      let inner = products.innerProducts.reduce(0, +)
      let marginal = products.squaredNormsOfFirst.reduce(0, +)
      let conditional = products.squaredNormsOfSecond.reduce(0, +)
      expectClose(
        inner / (marginal * conditional).squareRoot(), sample.cosine, absolute: cosineTolerance,
        "\(label) cosine")
      expectClose(
        marginal.squareRoot(), sample.squaredNormMarginal.squareRoot(), relative: loose,
        "\(label) marginal norm")
      expectClose(
        conditional.squareRoot(), sample.squaredNormConditional.squareRoot(), relative: loose,
        "\(label) conditional norm")

      // A parameter whose gradient is 0 by symmetry still has the rounding of the whole.
      let floor = 1e-3 * cosineTolerance
      let whole = (sample.squaredNormMarginal * sample.squaredNormConditional).squareRoot()
      for (parameter, entry) in model.layout.parameters.enumerated() {
        let expected = try #require(sample.parameters[entry.name])
        let scale = (expected.marginal * expected.conditional).squareRoot()
        expectClose(
          products.innerProducts[parameter], expected.inner,
          absolute: loose * scale + floor * whole, "\(label) <,> of \(entry.name)")
        expectClose(
          products.squaredNormsOfFirst[parameter], expected.marginal, relative: 2 * loose,
          absolute: floor * sample.squaredNormMarginal, "\(label) marginal |.|² of \(entry.name)")
      }
    }
  }

  @Test(
    arguments: [
      "qwen3-tied", "qwen2-untied", "llama-tied", "gpt2", "gpt2-bare", "mistral", "phi3", "olmo2",
      "olmo3", "gemma3", "gpt-neox",
    ])
  func everyGradientMatchesAutograd(name: String) throws {
    let golden = try Golden(name)
    let model = try Transformer<Double>(directory: golden.directory)
    let reference = try SafetensorsFile(path: golden.directory + "/golden.safetensors")
    let workspace = Workspace(model)
    for index in golden.gradientSamples {
      let sample = golden.samples[index]
      for (objective, sequence) in [
        ("marginal", sample.marginal), ("conditional", sample.conditional),
      ] {
        var batch = PackedSequences()
        batch.append(sequence)
        _ = workspace.score(batch)
        var gradient = GradientBuffer<Double>(model.layout)
        workspace.accumulateGradient(
          coefficients: Array(
            repeating: 1 / Double(sequence.scoredCount), count: sequence.scoredCount),
          into: &gradient)
        for parameter in model.layout.parameters {
          let expected = try reference.doubles("sample.\(index).\(objective).\(parameter.name)")
          let actual = gradient.values.withSpan { span in parameter.range.map { span[$0] } }
          let scale = expected.map { abs($0) }.max() ?? 0
          expectClose(
            actual, expected, absolute: 1e-11 * scale + 1e-14,
            "sample \(index) \(objective) \(parameter.name)")
        }
      }
    }
  }
}
